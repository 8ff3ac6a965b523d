import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createQueueMarker } from './queue-marker.ts'

test('the queue hears only what is durable, and again when it did not listen', async () => {
  let mark = 0
  let away = true
  const told: [string, string][] = []
  const done: string[] = []
  const errors: unknown[] = []
  const marker = createQueueMarker({
    now: () => mark,
    tell: async (ids, state) => {
      if (away) throw new Error('away')
      for (const id of ids) told.push([id, state])
    },
    onDone: (ids) => done.push(...ids),
    onError: (error) => errors.push(error),
  })
  mark = 1
  marker.done('A')
  mark = 2
  marker.taken('B')
  marker.onDurable(1)
  await marker.settled()
  assert.deepEqual([told, errors.length], [[], 1])
  away = false
  marker.onDurable(1)
  await marker.settled()
  assert.deepEqual([told, done], [[['A', 'done']], ['A']])
  // Answered before the first state was told: only the last one is.
  marker.done('B')
  marker.onDurable(2)
  await marker.settled()
  assert.deepEqual(told.slice(1), [['B', 'done']])
})
