import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createJournal } from '../session/journal.ts'
import { createGroups } from '../store/groups.ts'
import { createState } from '../store/state.ts'
import { createHandedOut } from './handed-out.ts'
import { createKeyStores } from './key-store.ts'
import { mergeSessions } from './merge-sessions.ts'
import { createPairs } from './pairs.ts'

const session = (closed: number) => ({ indexInfo: { closed } })
const record = (sessions: Record<string, ReturnType<typeof session>>) => ({
  _sessions: sessions,
  version: 'v1',
})

test('every session stays, one stays open', () => {
  const merged = mergeSessions(record({ a: session(-1) }), record({ b: session(-1), c: session(5) }), 9)
  assert.deepEqual(merged, record({ a: session(-1), b: session(9), c: session(5) }))
  assert.deepEqual(
    mergeSessions(record({ a: session(3) }), record({ b: session(-1) }), 9)._sessions.b,
    session(-1),
  )
  assert.deepEqual(mergeSessions(undefined, record({ b: session(-1) }), 9), record({ b: session(-1) }))
})

test('when a hidden id becomes known, the sessions of the number move under it in the same step', async () => {
  const state = createState(createJournal(0))
  const groups = createGroups(state)
  const pairs = createPairs({
    groups,
    sessionIds: () => state.ids('session'),
    session: 'acme/ns.one',
    now: () => new Date(9),
  })
  const { passThrough } = createKeyStores(groups, pairs, createHandedOut(state, groups))
  state.restore('session', '491.0', record({ theirs: session(-1) }))
  state.restore('session', '491.7', record({ second: session(-1) }))
  state.restore('session', '4912.0', record({ other: session(-1) }))
  state.restore('session', '9001_1.0', record({ ours: session(-1) }))
  await passThrough.set({ 'lid-mapping': { '491': '9001', '9001_reverse': '491' } })
  assert.deepEqual(state.get('session', '9001_1.0'), record({ theirs: session(9), ours: session(-1) }))
  assert.deepEqual(state.get('session', '9001_1.7'), record({ second: session(-1) }))
  assert.deepEqual([...state.ids('session')].sort(), ['4912.0', '9001_1.0', '9001_1.7'])
  assert.deepEqual(
    state.cut()?.entries.map(({ type }) => type),
    ['identity.mapped'],
  )
})
