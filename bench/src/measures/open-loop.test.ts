import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLoop } from './open-loop.ts'

test('a call that does not end keeps no other from starting', async () => {
  const started: number[] = []
  const gate = Promise.withResolvers<void>()
  await openLoop({ count: 10, perSecond: 1000 }, async (index) => {
    started.push(index)
    if (index === 9) gate.resolve()
    await gate.promise
  })
  assert.deepEqual(started, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('time counts from when a call was due, not from when it could start', async () => {
  const [first = 0, second = 0] = await openLoop({ count: 2, perSecond: 1000 }, async (index) => {
    const busyUntil = performance.now() + 30
    while (index === 0 && performance.now() < busyUntil);
  })
  assert.ok(first >= 30, `${first}`)
  assert.ok(second >= 29, `${second}`)
})

test('an error ends it', async () => {
  await assert.rejects(
    openLoop({ count: 3, perSecond: 1000 }, async () => {
      throw new Error('refused')
    }),
    /refused/,
  )
})
