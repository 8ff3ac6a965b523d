import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '@warren/runtime/clock'
import { createPacer } from './pacer.ts'

test('a burst starts at once, the rest one by one, and the burst comes back with time', async () => {
  const clock = createFakeClock()
  const pacer = createPacer({ clock, perSecond: 10, burst: 2 })
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((key) => pacer.waitMs(key)),
    [0, 0, 100, 200],
  )
  assert.equal(pacer.waitMs('d'), 200, 'a turn is kept')
  await clock.advance(100)
  assert.equal(pacer.waitMs('c'), 0)
  assert.equal(pacer.waitMs('d'), 100)
  await clock.advance(10_000)
  assert.equal(pacer.waitMs('d'), 0)
  assert.deepEqual(
    ['e', 'f', 'g'].map((key) => pacer.waitMs(key)),
    [0, 0, 100],
    'idle time is not saved up beyond the burst',
  )
})
