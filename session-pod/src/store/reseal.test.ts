import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock, type FakeClock } from '@warren/runtime/clock'
import { type SealingKey, sealedKeyId } from '@warren/runtime/crypto'
import { createMemorySessionStore, type SessionStore } from '@warren/runtime/session-store'
import fc from 'fast-check'
import { type Change, createStore } from './index.ts'
import type { Loaded } from './load.ts'

const instance = 'test.one'
const key = (id: number): SealingKey => ({ id, bytes: new Uint8Array(32).fill(id) })
const expiresAt = new Date(Date.UTC(2030, 0, 1))

/** A process with these keys; everything due within a turn of its clock happens. */
async function begin(store: SessionStore, clock: FakeClock, keys: [SealingKey, ...SealingKey[]]) {
  await clock.advance(120_000)
  const takeover = await store.acquire({
    instance,
    organization: 'acme',
    holder: `${keys[0].id}/${clock.monotonicMs()}`,
    ttlMs: 60_000,
  })
  const failures: unknown[] = []
  let begun = 0
  const pod = createStore({
    ...{ writer: store, takeover, keys, clock, busy: () => false },
    onFatal: (error) => failures.push(error),
    onFoldError: (error) => failures.push(error),
    beforeReseal: () => {
      begun += 1
      return []
    },
    onResealed: () => {},
    onCommit: () => {},
  })
  const loaded: Loaded = await pod.load()
  return { ...pod, loaded, failures, lease: takeover.lease, begun: () => begun }
}

/** Lets it work until it says that nothing is left, or for so many turns. */
async function turns(
  pod: Awaited<ReturnType<typeof begin>>,
  clock: FakeClock,
  most = 2_000,
): Promise<boolean> {
  for (let turn = 0; turn < most; turn++) {
    if (pod.reseal.progress()?.left === 0) return true
    await new Promise((resolve) => setImmediate(resolve))
    await clock.advance(25)
  }
  return false
}

/** Ids of the keys that anything in the store is sealed with. */
async function keyIds(store: SessionStore, { lease }: Awaited<ReturnType<typeof begin>>, folded: number) {
  const ids = new Set<number>()
  for await (const { sealed } of store.keys(lease)) ids.add(sealedKeyId(sealed))
  for await (const { sealed } of store.commitsAfter(lease, folded)) if (sealed) ids.add(sealedKeyId(sealed))
  for (const { sealed } of await store.archivedAfter(lease, undefined, 10_000)) ids.add(sealedKeyId(sealed))
  return [...ids]
}

const foldedOf = async (store: SessionStore) => (await store.session(`acme/${instance}`))?.folded ?? 0

test('killed at any moments, it ends with everything under the new key, and nothing else is changed', async () => {
  const values = fc.uniqueArray(fc.nat(300), { minLength: 1, maxLength: 160 })
  const kills = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(values, values, kills, fc.boolean(), async (kept, archived, lives, traffic) => {
      const clock = createFakeClock()
      const store = createMemorySessionStore(clock)
      const old = await begin(store, clock, [key(1)])
      old.reseal.start(old.loaded)
      assert.ok(await turns(old, clock))
      old.state.apply(kept.map((id): Change => ({ type: 'session', id: `${id}`, value: { id } })))
      old.state.apply(archived.map((id): Change => ({ type: 'sent', id: `${id}`, value: { id }, expiresAt })))
      const flushed = old.committer.flush()
      await turns(old, clock, 5)
      await flushed
      const expected = new Map(old.state.all('session'))

      let begun = 0
      for (const [index, life] of [...lives, undefined].entries()) {
        const pod = await begin(store, clock, [key(2), key(1)])
        pod.reseal.start(pod.loaded)
        if (traffic) {
          const value = { by: index }
          expected.set(`${kept[0]}`, value)
          pod.state.apply([{ type: 'session', id: `${kept[0]}`, value }])
        }
        const done = await turns(pod, clock, life ?? 2_000)
        if (life === undefined) assert.ok(done, 'it ends')
        if (traffic) await Promise.all([pod.committer.flush(), clock.advance(25)])
        begun += pod.begun()
        // The crash.
        pod.committer.stop()
        pod.reseal.stop()
        await new Promise((resolve) => setImmediate(resolve))
        assert.deepEqual(pod.failures, [])
      }
      assert.ok(begun <= 1 + lives.length)

      const last = await begin(store, clock, [key(2)])
      assert.deepEqual(new Map(last.state.all('session')), expected)
      for (const id of archived) assert.deepEqual(await last.archive.read('sent', `${id}`), { id })
      assert.deepEqual(await keyIds(store, last, await foldedOf(store)), [2])
      last.reseal.start(last.loaded)
      await turns(last, clock, 1)
      assert.deepEqual(last.reseal.progress(), { keyId: 2, left: 0 })
    }),
    { numRuns: 25 },
  )
})

test('what does not open keeps the earlier key needed, and says so', async () => {
  const clock = createFakeClock()
  const store = createMemorySessionStore(clock)
  const old = await begin(store, clock, [key(1)])
  const { n } = { n: old.committer.position() }
  const foreign = Buffer.from(new Uint8Array(64))
  foreign.writeUInt8(1, 0)
  foreign.writeUInt32BE(9, 1)
  await store.fold(old.lease, n, [{ type: 'sent', id: 'x', n, sealed: foreign, expiresAt }])
  const pod = await begin(store, clock, [key(2), key(1)])
  pod.reseal.start(pod.loaded)
  await turns(pod, clock, 200)
  assert.deepEqual(pod.reseal.progress(), { keyId: 2, left: 1 })
})
