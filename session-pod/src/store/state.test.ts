import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createJournal } from '../session/journal.ts'
import { createState } from './state.ts'

test('a flood is cut into batches that a document can hold, between steps and never inside one', () => {
  const state = createState(createJournal(0))
  for (let step = 0; step < 40; step++) {
    state.apply([
      { type: 'inbox', id: `${step}`, value: { plaintext: new Uint8Array(700_000) } },
      { type: 'session', id: 'peer', value: { step } },
    ])
  }
  let upTo = 0
  let seen = 0
  for (let batch = state.cut(); batch; batch = state.cut()) {
    const stored = batch.changes.filter(({ type }) => type === 'inbox')
    const bytes = stored.length * 933_000
    assert.ok(bytes < 9_000_000, `${bytes}`)
    seen += stored.length
    assert.ok(batch.upTo > upTo)
    upTo = batch.upTo
    assert.equal(upTo, seen)
    // The value of the last step in this batch, not of one that is yet to be committed.
    assert.deepEqual(batch.changes.find(({ type }) => type === 'session')?.value, { step: seen - 1 })
  }
  assert.deepEqual([seen, upTo, state.mark(), state.pendingBytes()], [40, 40, 40, 0])
})

test('a value that is written over counts once', () => {
  const state = createState(createJournal(0))
  for (let i = 0; i < 100; i++) state.apply([{ type: 'a', id: 'x', value: new Uint8Array(1_000_000) }])
  assert.ok(state.pendingBytes() < 2_000_000)
  assert.equal(state.cut()?.upTo, 100)
})
