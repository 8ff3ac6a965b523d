import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '@warren/runtime/clock'
import { createTidy } from './tidy.ts'

test('collects once when a start or a burst is over, and not while something happens', async () => {
  const clock = createFakeClock()
  let busy = 0.5
  let collections = 0
  const tidy = createTidy({
    clock,
    busyShare: () => busy,
    collect() {
      collections += 1
    },
  })
  async function pass(share: number, minutes: number): Promise<number> {
    busy = share
    await clock.advance(minutes * 60_000)
    return collections
  }
  tidy.start()
  assert.equal(await pass(0.5, 1), 0, 'starting')
  assert.equal(await pass(0.001, 60), 1, 'once it is quiet')
  assert.equal(await pass(0.3, 1), 1, 'a burst')
  assert.equal(await pass(0.001, 60), 2, 'after it')
  await pass(0.3, 1)
  tidy.stop()
  assert.equal(await pass(0.001, 60), 2, 'stopped')
})
