import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { node } from '../protocol/node.ts'
import { type Acknowledgement, createDeviceQueue } from './device-queue.ts'

const message = (id: string, attrs: Record<string, string> = {}) => node('message', { id, ...attrs })

const cases: { name: string; stanza: ReturnType<typeof node>; answer: Acknowledgement; cleared: boolean }[] =
  [
    {
      name: 'receipt',
      stanza: message('A'),
      answer: { class: 'message', id: 'A', by: 'receipt' },
      cleared: true,
    },
    {
      name: 'receipt of any type',
      stanza: message('A'),
      answer: { class: 'message', id: 'A', type: 'inactive', by: 'receipt' },
      cleared: true,
    },
    { name: 'ack', stanza: message('A'), answer: { class: 'message', id: 'A', by: 'ack' }, cleared: true },
    { name: 'nack', stanza: message('A'), answer: { class: 'message', id: 'A', by: 'nack' }, cleared: true },
    {
      name: 'other id',
      stanza: message('A'),
      answer: { class: 'message', id: 'B', by: 'ack' },
      cleared: false,
    },
    {
      name: 'bare ack of an own copy',
      stanza: message('A', { recipient: 'x@lid' }),
      answer: { class: 'message', id: 'A', by: 'ack' },
      cleared: false,
    },
    {
      name: 'sender receipt of an own copy',
      stanza: message('A', { recipient: 'x@lid' }),
      answer: { class: 'message', id: 'A', type: 'sender', by: 'receipt' },
      cleared: true,
    },
    {
      name: 'ack of a read receipt',
      stanza: node('receipt', { id: 'A', type: 'read' }),
      answer: { class: 'receipt', id: 'A', type: 'read', by: 'ack' },
      cleared: true,
    },
    {
      name: 'ack of the delivery receipt of the same message',
      stanza: node('receipt', { id: 'A', type: 'read' }),
      answer: { class: 'receipt', id: 'A', by: 'ack' },
      cleared: false,
    },
  ]

for (const { name, stanza, answer, cleared } of cases) {
  test(`${name}: ${cleared ? 'clears' : 'leaves'} the stanza`, () => {
    const queue = createDeviceQueue()
    queue.push(stanza).sent++
    assert.equal(queue.acknowledge(answer) !== undefined, cleared)
    assert.equal(queue.size(), cleared ? 0 : 1)
  })
}

test('a stanza that was never sent cannot be acknowledged, and of two the older one goes', () => {
  const queue = createDeviceQueue()
  const first = queue.push(message('A'))
  const again = queue.push(message('A'))
  const answer: Acknowledgement = { class: 'message', id: 'A', by: 'ack' }
  assert.equal(queue.acknowledge(answer), undefined)
  first.sent++
  again.sent++
  assert.equal(queue.acknowledge(answer), first)
  assert.deepEqual(queue.pending(), [again])
})

test('whatever is pushed is pending in order until exactly its own answer', () => {
  const ids = fc.array(fc.constantFrom('A', 'B', 'C'), { maxLength: 30 })
  fc.assert(
    fc.property(ids, ids, (pushed, answered) => {
      const queue = createDeviceQueue()
      for (const id of pushed) queue.push(message(id)).sent++
      const expected = [...pushed]
      for (const id of answered) {
        const at = expected.indexOf(id)
        assert.equal(
          queue.acknowledge({ class: 'message', id, by: 'receipt' })?.node.attrs.id,
          at < 0 ? undefined : id,
        )
        if (at >= 0) expected.splice(at, 1)
      }
      assert.deepEqual(
        queue.pending().map(({ node: { attrs } }) => attrs.id),
        expected,
      )
    }),
  )
})
