import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStops } from './stops.ts'

test('stops run once, the last added first, and a failure keeps no other from running', async () => {
  const calls: string[] = []
  const errors: unknown[] = []
  const stops = createStops((error) => errors.push(error))
  stops.add(() => calls.push('first'))
  stops.add(() => {
    throw new Error('broken')
  })
  stops.add(async () => calls.push('last'))
  await Promise.all([stops.run(), stops.run()])
  assert.deepEqual(calls, ['last', 'first'])
  assert.equal(errors.length, 1)
})

test('what ended by itself is taken off', async () => {
  const calls: string[] = []
  const stops = createStops(() => {})
  const forget = stops.add(() => calls.push('forgotten'))
  forget()
  await stops.run()
  assert.deepEqual(calls, [])
})

test('what begins after the end is stopped at once', async () => {
  const calls: string[] = []
  const stops = createStops(() => {})
  await stops.run()
  stops.add(() => calls.push('late'))
  assert.deepEqual(calls, ['late'])
})
