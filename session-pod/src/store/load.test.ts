import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isWarrenError } from '@warren/contracts'
import { systemClock } from '@warren/runtime/clock'
import type { SealingKey } from '@warren/runtime/crypto'
import { createMemorySessionStore } from '@warren/runtime/session-store'
import { createJournal } from '../session/journal.ts'
import { encodeBatch } from './codec.ts'
import { loadInto } from './load.ts'
import { createSealer } from './sealer.ts'
import { createState } from './state.ts'
import { createUnfolded } from './unfolded.ts'

const instance = 'test.one'
const key = (id: number, fill = id): SealingKey => ({ id, bytes: new Uint8Array(32).fill(fill) })

/** A log with two folded values and one commit, sealed with key 1; `damage` names what is broken. */
async function stored(damage: readonly string[] = []) {
  const store = createMemorySessionStore(systemClock)
  const { lease, n } = await store.acquire({ instance, organization: 'acme', holder: 'a', ttlMs: 1 })
  const sealer = createSealer([key(1)], instance)
  const bytes = (name: string, sealed: Uint8Array) => {
    if (damage.includes(name)) sealed[20] = (sealed[20] ?? 0) ^ 1
    return sealed
  }
  const change = { type: 'session', id: 'c', json: '3' }
  await store.append(lease, n + 1, { sealed: sealer.commit(n + 1, encodeBatch([])) })
  await store.fold(lease, n + 1, [
    { type: 'session', id: 'a', n: n + 1, sealed: bytes('a', sealer.value('session', 'a', n + 1, '1')) },
    { type: 'session', id: 'b', n: n + 1, sealed: bytes('b', sealer.value('session', 'b', n + 1, '2')) },
  ])
  await store.append(lease, n + 2, {
    sealed: bytes('commit', sealer.commit(n + 2, encodeBatch([change]))),
  })
  await store.release(lease, { status: { phase: 'stopped', since: new Date() }, seq: 0 })
  return async (...keys: [SealingKey, ...SealingKey[]]) => {
    const takeover = await store.acquire({ instance, organization: 'acme', holder: 'b', ttlMs: 60_000 })
    const state = createState(createJournal(0))
    const loaded = await loadInto(state, createUnfolded(), {
      writer: store,
      takeover,
      sealer: createSealer(keys, instance),
    })
    return { loaded, values: Object.fromEntries(state.all('session')) }
  }
}

const refused = (error: unknown) => isWarrenError(error, 'credentials_unreadable')

test('a record that does not open is told, and the others are there', async () => {
  const { loaded, values } = await (await stored(['b', 'commit']))(key(1))
  assert.deepEqual(values, { a: 1 })
  assert.deepEqual([loaded.damaged, loaded.damagedCommits], [[{ type: 'session', id: 'b' }], 1])
})

test('a wrong key opens nothing, and is no damage', async () => {
  await assert.rejects((await stored())(key(1, 9)), refused)
  await assert.rejects((await stored())(key(2)), refused)
  await assert.rejects((await stored(['a', 'b', 'commit']))(key(1)), refused)
})

test('what an earlier key sealed opens, and is told of', async () => {
  const open = await stored()
  const old = await open(key(1))
  assert.deepEqual([old.loaded.stale, old.loaded.staleLog], [[], false])
  const next = await (await stored())(key(2), key(1))
  assert.deepEqual(next.values, { a: 1, b: 2, c: 3 })
  assert.deepEqual(next.loaded.stale.map(({ id }) => id).sort(), ['a', 'b'])
  assert.equal(next.loaded.staleLog, true)
})
