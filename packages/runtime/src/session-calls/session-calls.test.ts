import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHANNELS, isWarrenError, WarrenError } from '@warren/contracts'
import { createMemoryBus } from '../bus/index.ts'
import { systemClock as clock } from '../clock/index.ts'
import { createIds } from '../ids/index.ts'
import { silentLogger as logger } from '../logger/index.ts'
import { createSessionCalls } from './session-calls.ts'

test('a command reaches the pod, and what comes back is its answer or an error of the table', async (t) => {
  const bus = createMemoryBus({ clock, logger, ids: createIds(clock) })
  await bus.start()
  t.after(() => bus.stop())
  const calls = createSessionCalls(bus)
  await assert.rejects(calls.call('acme/a.b', 'session.status', {}), (error) =>
    isWarrenError(error, 'session_unavailable'),
  )
  let fail = false
  const served = bus.serve(CHANNELS.commands('acme/a.b'), (call) => {
    if (fail) throw new WarrenError('not_paired', 'link it first')
    return { echoed: call }
  })
  await served.ready
  assert.deepEqual(await calls.call('acme/a.b', 'session.status', {}), {
    echoed: { command: 'session.status', request: {} },
  })
  fail = true
  await assert.rejects(
    calls.call('acme/a.b', 'session.status', {}),
    (error) => isWarrenError(error, 'not_paired') && error.message === 'link it first',
  )
})
