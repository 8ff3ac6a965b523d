import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { createFakeClock } from '@warren/runtime/clock'
import { PING_MS } from './pinger.ts'
import { boundClose, createWatchdog } from './watchdog.ts'

test('a connection without frames is reported once, in time to be renewed within 30 s', async () => {
  const clock = createFakeClock()
  let silent = 0
  const watchdog = createWatchdog(clock, () => silent++)
  for (let ping = 0; ping < 10; ping++) {
    await clock.advance(PING_MS + 1_000)
    watchdog.heard()
  }
  assert.equal(silent, 0)
  clock.jumpWallClock(3_600_000)
  await clock.advance(21_000)
  assert.equal(silent, 0)
  await clock.advance(3_000)
  assert.equal(silent, 1)
  await clock.advance(600_000)
  assert.deepEqual([silent, clock.pendingTimers()], [1, 0])
})

test('a close that the peer does not answer ends by force, an answered one does not', async () => {
  const clock = createFakeClock()
  const calls: string[] = []
  const make = () =>
    Object.assign(new EventEmitter(), {
      close: () => void calls.push('close'),
      terminate: () => void calls.push('terminate'),
    })
  const deaf = make()
  boundClose(deaf, clock, 1_000)
  deaf.close()
  await clock.advance(1_000)
  assert.deepEqual(calls, ['close', 'terminate'])

  const polite = make()
  boundClose(polite, clock, 1_000)
  polite.close()
  polite.emit('close')
  await clock.advance(2_000)
  assert.deepEqual([calls.length, clock.pendingTimers()], [3, 0])
})
