import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createGroupWriter } from './group-writer.ts'

describe('group writer', () => {
  it('writes at once at rest, and together what comes meanwhile', async () => {
    const groups: number[][] = []
    const gates = [
      Promise.withResolvers<void>(),
      Promise.withResolvers<void>(),
      Promise.withResolvers<void>(),
    ]
    const writer = createGroupWriter<number, string>(async (items) => {
      groups.push([...items])
      await gates[groups.length - 1]?.promise
      return items.map((item) => `wrote ${item}`)
    }, 3)
    const writes = [1, 2, 3, 4, 5].map((item) => writer.add(item))
    assert.deepEqual(groups, [[1]])
    for (const gate of gates) gate.resolve()
    assert.deepEqual(
      await Promise.all(writes),
      [1, 2, 3, 4, 5].map((item) => `wrote ${item}`),
    )
    assert.ok(writer.idle())
    assert.deepEqual(groups, [[1], [2, 3, 4], [5]])
  })

  it('tells a failure to its own group only, and goes on', async () => {
    const writer = createGroupWriter<string>(async (items) => {
      if (items.includes('bad')) throw new Error('refused')
      return []
    })
    const outcomes = await Promise.allSettled(['good', 'bad', 'unlucky'].map((item) => writer.add(item)))
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected'],
    )
    await writer.add('later')
  })
})
