import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLedger, noteOpened } from './ledger.ts'

const FROM = { number: '4911', device: 1 }
const outgoing = { id: 'M1', from: FROM, to: '4922', addressing: 'pn' } as const
const incoming = { id: 'M2', from: '4922', to: FROM, addressing: 'lid' } as const

test('one message has one entry however often it appears', () => {
  const ledger = createLedger()
  assert.equal(ledger.fromSession(outgoing), ledger.fromSession(outgoing))
  assert.equal(ledger.toSession(incoming), ledger.toSession(incoming))
  assert.notEqual(
    ledger.fromSession(outgoing),
    ledger.fromSession({ ...outgoing, from: { ...FROM, device: 2 } }),
  )
  assert.deepEqual(
    ledger.read().entries.map(({ seq }) => seq),
    [1, 2, 3],
  )
})

test('a second opening is a duplicate, another content under the same id a conflict', () => {
  const ledger = createLedger()
  const entry = ledger.fromSession(outgoing)
  ledger.update(entry, (one) => noteOpened(one, { kind: 'text', text: 'a' }))
  assert.deepEqual([entry.text, entry.duplicate, entry.conflicting], ['a', false, false])
  ledger.update(entry, (one) => noteOpened(one, { kind: 'text', text: 'a' }))
  assert.deepEqual([entry.opened, entry.duplicate, entry.conflicting], [2, true, false])
  ledger.update(entry, (one) => noteOpened(one, { kind: 'text', text: 'b' }))
  assert.deepEqual([entry.text, entry.conflicting], ['a', true])
})

test('filters and the since cursor', () => {
  let now = 1000
  const ledger = createLedger(() => now)
  const sent = ledger.fromSession(outgoing)
  ledger.toSession(incoming)
  const ids = (filter: Parameters<typeof ledger.read>[0]) => ledger.read(filter).entries.map(({ id }) => id)
  assert.deepEqual(ids({ direction: 'toSession' }), ['M2'])
  assert.deepEqual(ids({ account: '4911', device: 1 }), ['M1', 'M2'])
  assert.deepEqual(ids({ account: '4922' }), [])
  assert.deepEqual(ids({ peer: '4922', id: 'M1' }), ['M1'])
  const { cursor } = ledger.read()
  assert.deepEqual(ids({ since: cursor }), [])
  now = 2000
  ledger.update(sent, (one) => one.attempts++)
  const [changed] = ledger.read({ since: cursor }).entries
  assert.deepEqual([changed?.id, changed?.firstAt, changed?.lastAt], ['M1', 1000, 2000])
})

test('what read() returns is a copy, and a restored ledger goes on where it was', () => {
  const ledger = createLedger()
  ledger.fromSession(outgoing)
  const [copy] = ledger.read().entries
  if (copy?.direction === 'fromSession') copy.attempts = 99
  assert.equal(ledger.fromSession(outgoing).attempts, 0)

  const restored = createLedger()
  restored.restore(structuredClone(ledger.state()))
  assert.equal(restored.fromSession(outgoing).seq, 1)
  assert.equal(restored.toSession(incoming).seq, 2)
})
