/** What every session store must do. Run on the memory fake and on a real MongoDB. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isWarrenError, type JournalEntry, type SessionStatus, sessionKeyOf } from '@warren/contracts'
import { until } from '../testing/until.ts'
import type { Lease, SessionStore, Takeover } from './port.ts'

const TTL = 10_000
const ORGANIZATION = 'acme'
const status: SessionStatus = {
  phase: 'connected',
  since: new Date('2026-01-01'),
  account: { jid: '$1@s', phone: '1' },
}
const bytes = (text: string) => Buffer.from(text)
const textOf = (value: Uint8Array | undefined) => (value ? Buffer.from(value).toString() : undefined)
const entry = (seq: number): JournalEntry => ({
  seq,
  type: 'session.loggedOut',
  at: new Date(seq * 1000),
  data: { reason: `r${seq}` },
})
const refused = (code: Parameters<typeof isWarrenError>[1]) => (error: unknown) => isWarrenError(error, code)

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

export function describeSessionStore(name: string, open: () => Promise<SessionStore>): void {
  let count = 0
  const freshId = () => `ns.conformance-${++count}`

  const acquire = (store: SessionStore, instance: string, holder = 'pod/1', ttlMs = TTL): Promise<Takeover> =>
    store.acquire({ instance, organization: ORGANIZATION, holder, ttlMs })

  /** A second holder takes over from one that let its lease end. */
  async function overtaken(
    store: SessionStore,
    instance: string,
  ): Promise<{ old: Takeover; young: Takeover }> {
    const old = await acquire(store, instance, 'pod/1', 1)
    const young = await until(() => acquire(store, instance, 'pod/2').catch(() => undefined), {
      timeoutMs: 5_000,
      describe: 'the lease to end',
    })
    return { old, young }
  }

  const keyOf = (instance: string) => sessionKeyOf({ organization: ORGANIZATION, instance })

  const send = (store: SessionStore, instance: string, messageId: string) =>
    store.enqueue({
      instance,
      organization: ORGANIZATION,
      messageId,
      to: 'x@lid',
      content: { type: 'text', text: messageId },
    })

  const append = (store: SessionStore, lease: Lease, n: number, key: string) =>
    store.append(lease, n, { sealed: bytes(key) })

  describe(`session store: ${name}`, () => {
    it('gives a lease to one holder at a time, with a rising epoch', async () => {
      const store = await open()
      const instance = freshId()
      const first = await acquire(store, instance)
      await assert.rejects(acquire(store, instance, 'pod/2'), refused('lease_held'))
      await store.release(first.lease, { status, seq: 0 })
      const second = await acquire(store, instance, 'pod/2')
      assert.ok(second.lease.epoch > first.lease.epoch)
      assert.deepEqual(second.status, status)
    })

    it('gives it to its holder again, which asks when it did not hear the answer, and fences the first time', async () => {
      const store = await open()
      const instance = freshId()
      const unheard = await acquire(store, instance)
      const heard = await acquire(store, instance)
      assert.equal(heard.lease.epoch, unheard.lease.epoch + 1)
      assert.equal(heard.n, unheard.n + 1)
      await assert.rejects(store.renew(unheard.lease, TTL, { status, seq: 0 }), refused('fenced'))
      await append(store, heard.lease, heard.n + 1, 'a')
    })

    it('gives it at once to who comes after its holder in the same place, and to nobody from elsewhere', async () => {
      const store = await open()
      const instance = freshId()
      const from = (holder: string, place?: string) =>
        store.acquire({
          instance,
          organization: ORGANIZATION,
          holder,
          ttlMs: TTL,
          ...(place ? { place } : {}),
        })
      const first = await from('pod/1', 'node-a')
      for (const place of ['node-b', undefined])
        await assert.rejects(from('pod/2', place), refused('lease_held'))
      const second = await from('pod/2', 'node-a')
      assert.equal(second.lease.epoch, first.lease.epoch + 1)
      await assert.rejects(append(store, first.lease, first.n + 1, 'a'), refused('fenced'))
      await store.release(second.lease, { status, seq: 0 })
      const nowhere = await from('pod/3')
      await assert.rejects(from('pod/4'), refused('lease_held'))
      await assert.rejects(from('pod/5', 'node-a'), refused('lease_held'))
      await append(store, nowhere.lease, nowhere.n + 1, 'a')
    })

    it('lets exactly one of many contenders win', async () => {
      const store = await open()
      const instance = freshId()
      const tries = await Promise.allSettled(
        Array.from({ length: 8 }, (_, index) => acquire(store, instance, `pod/${index}`)),
      )
      assert.equal(tries.filter((result) => result.status === 'fulfilled').length, 1)
    })

    it('keeps two organisations that use one name apart', async () => {
      const store = await open()
      const instance = freshId()
      const { lease, n } = await acquire(store, instance)
      await store.append(lease, n + 1, { sealed: bytes('x'), entries: [entry(1)] })
      await store.fold(lease, n + 1, [{ type: 'creds', id: 'main', sealed: bytes('secret'), n: n + 1 }])
      await send(store, instance, 'A')
      await store.release(lease, { status, seq: 1 })
      const other = { organization: 'other', instance }
      const taken = await store.acquire({ ...other, holder: 'pod/1', ttlMs: TTL })
      assert.deepEqual([taken.seq, taken.status], [0, null])
      assert.deepEqual(await all(store.keys(taken.lease)), [])
      assert.deepEqual(await store.pendingSends(taken.lease, 0, 10), [])
      assert.deepEqual(await store.journal(sessionKeyOf(other), 0, 10), [])
      await store.release(taken.lease, { status, seq: 0 })
      await store.remove(sessionKeyOf(other))
      assert.equal((await store.journal(keyOf(instance), 0, 10)).length, 1)
      assert.equal((await all(store.keys((await acquire(store, instance)).lease))).length, 1)
    })

    it('fences the commits, renewals, folds and queue updates of a holder that was overtaken', async () => {
      const store = await open()
      const instance = freshId()
      const { old, young } = await overtaken(store, instance)
      assert.equal(young.n, old.n + 1)
      await send(store, instance, 'A')
      await store.markSends(young.lease, ['A'], 'taken')
      await assert.rejects(append(store, old.lease, old.n + 1, 'late'), refused('fenced'))
      await assert.rejects(store.renew(old.lease, TTL, { status, seq: 9 }), refused('fenced'))
      await assert.rejects(store.fold(old.lease, old.n, []), refused('fenced'))
      await assert.rejects(store.markSends(old.lease, ['A'], 'done'), refused('fenced'))
      await append(store, young.lease, young.n + 1, 'mine')
      assert.equal((await store.session(keyOf(instance)))?.seq, 0)
    })

    it('fences a holder that wakes up after its successor folded and cleaned the log', async () => {
      const store = await open()
      const instance = freshId()
      const { old, young } = await overtaken(store, instance)
      await append(store, young.lease, young.n + 1, 'x')
      await store.fold(young.lease, young.n + 1, [])
      await assert.rejects(append(store, old.lease, old.n + 1, 'late'), refused('fenced'))
    })

    it('takes a repeated commit of the same holder as done', async () => {
      const store = await open()
      const { lease, n } = await acquire(store, freshId())
      await append(store, lease, n + 1, 'x')
      await append(store, lease, n + 1, 'x')
      assert.equal((await all(store.commitsAfter(lease, n))).length, 1)
    })

    it('gives back what was committed after a position, in order', async () => {
      const store = await open()
      const { lease, n } = await acquire(store, freshId())
      for (let i = 1; i <= 12; i++)
        await store.append(lease, n + i, { sealed: bytes(`v${i}`), entries: [entry(i)] })
      const commits = await all(store.commitsAfter(lease, n + 2))
      assert.deepEqual(
        commits.map((commit) => [commit.n, textOf(commit.sealed), commit.seq]),
        Array.from({ length: 10 }, (_, i) => [n + i + 3, `v${i + 3}`, i + 3]),
      )
    })

    it('reads the journal by seq, across commits with several entries and commits with none', async () => {
      const store = await open()
      const instance = freshId()
      const { lease, n } = await acquire(store, instance)
      await store.append(lease, n + 1, { entries: [entry(1), entry(2), entry(3)] })
      await append(store, lease, n + 2, 'keys only')
      await store.append(lease, n + 3, { entries: [entry(4), entry(5)] })
      assert.equal(await store.head(keyOf(instance)), 5)
      const part = await store.journal(keyOf(instance), 1, 3)
      assert.deepEqual(
        part.map(({ epoch, ...rest }) => rest),
        [entry(2), entry(3), entry(4)],
      )
      assert.ok(part.every((found) => found.epoch === lease.epoch))
      assert.deepEqual(await store.journal(keyOf(instance), 5, 10), [])
    })

    it('folds: values replace only older ones, sealed parts go, entries and takeovers stay', async () => {
      const store = await open()
      const instance = freshId()
      const { lease, n } = await acquire(store, instance)
      await store.append(lease, n + 1, { sealed: bytes('1'), entries: [entry(1)] })
      await append(store, lease, n + 2, '2')
      await store.fold(lease, n + 2, [
        { type: 'session', id: 'a/b.1', sealed: bytes('new'), n: n + 2 },
        { type: 'session', id: 'gone', n: n + 2 },
      ])
      await store.fold(lease, n + 1, [
        { type: 'session', id: 'a/b.1', sealed: bytes('old'), n: n + 1 },
        { type: 'session', id: 'gone', sealed: bytes('back'), n: n + 1 },
      ])
      const values = await all(store.keys(lease))
      assert.deepEqual(
        values.map((value) => [value.type, value.id, value.n, textOf(value.sealed)]),
        [['session', 'a/b.1', n + 2, 'new']],
      )
      assert.ok((await all(store.commitsAfter(lease, 0))).every((commit) => commit.sealed === undefined))
      assert.equal((await store.journal(keyOf(instance), 0, 10)).length, 1)
      assert.equal((await store.session(keyOf(instance)))?.folded, n + 2)
    })

    it('keeps records with an end of life apart', async () => {
      const store = await open()
      const { lease, n } = await acquire(store, freshId())
      await append(store, lease, n + 1, 'x')
      const expiresAt = new Date(Date.now() + 3600_000)
      await store.fold(lease, n + 1, [
        { type: 'sent', id: 'M1', sealed: bytes('proto'), expiresAt, n: n + 1 },
      ])
      assert.deepEqual(await all(store.keys(lease)), [])
      assert.equal(textOf((await store.archived(lease, 'sent', 'M1'))?.sealed), 'proto')
      assert.equal(await store.archived(lease, 'sent', 'M2'), undefined)
    })

    it('reads the archive page by page, without what was taken away', async () => {
      const store = await open()
      const { lease, n } = await acquire(store, freshId())
      await append(store, lease, n + 1, 'x')
      const expiresAt = new Date(Date.now() + 3600_000)
      const ids = ['a', 'b/1', 'c']
      const changes = ids.map((id) => ({ type: 'sent', id, sealed: bytes(id), expiresAt, n: n + 1 }))
      await store.fold(lease, n + 1, [
        ...changes,
        { type: 'part', id: 'z', sealed: bytes('z'), expiresAt, n: n + 1 },
      ])
      await append(store, lease, n + 2, 'x')
      await store.fold(lease, n + 2, [{ type: 'sent', id: 'c', expiresAt, n: n + 2 }])
      const first = await store.archivedAfter(lease, undefined, 2)
      const second = await store.archivedAfter(lease, first.at(-1), 2)
      assert.deepEqual(
        [...first, ...second].map((one) => [one.type, one.id, one.n, textOf(one.sealed)]),
        [
          ['part', 'z', n + 1, 'z'],
          ['sent', 'a', n + 1, 'a'],
          ['sent', 'b/1', n + 1, 'b/1'],
        ],
      )
      assert.deepEqual(first[0]?.expiresAt, expiresAt)
      assert.ok((await store.archiveSize(lease)) >= 3)
      assert.deepEqual(await store.archivedAfter(lease, second.at(-1), 2), [])
    })

    it('goes on where the last holder stopped', async () => {
      const store = await open()
      const instance = freshId()
      const first = await acquire(store, instance)
      await store.append(first.lease, first.n + 1, { entries: [entry(1), entry(2)] })
      await store.fold(first.lease, first.n + 1, [])
      await store.release(first.lease, { status, seq: 2 })
      const next = await acquire(store, instance, 'pod/2')
      assert.deepEqual([next.n, next.seq, next.folded], [first.n + 2, 2, first.n + 1])
    })

    it('queues sends in order of acceptance and each message once', async () => {
      const store = await open()
      const instance = freshId()
      const { lease } = await acquire(store, instance)
      for (const id of ['C', 'A', 'B']) await send(store, instance, id)
      await assert.rejects(send(store, instance, 'A'), refused('already_exists'))
      const rows = await store.pendingSends(lease, 0, 10)
      assert.deepEqual(
        rows.map((row) => row.messageId),
        ['C', 'A', 'B'],
      )
      await store.markSends(lease, ['C'], 'taken')
      await store.markSends(lease, ['A'], 'done')
      const left = await store.pendingSends(lease, rows[0]?.position ?? 0, 10)
      assert.deepEqual(
        left.map((row) => row.messageId),
        ['B'],
      )
      assert.equal((await store.get(keyOf(instance), 'A'))?.state, 'done')
      assert.equal(await store.get(keyOf(instance), 'Z'), null)
    })

    it('tells the heads that holders reported', async () => {
      const store = await open()
      const instance = freshId()
      const { lease } = await acquire(store, instance)
      await store.renew(lease, TTL, { status, seq: 7 })
      await store.renew(lease, TTL, { status, seq: 5 })
      const heads = await all(store.heads())
      assert.deepEqual(
        heads.filter((head) => head.instance === instance),
        [{ instance, organization: ORGANIZATION, seq: 7, base: 0 }],
      )
    })

    it('removes everything of an instance but its fence', async () => {
      const store = await open()
      const instance = freshId()
      const { lease, n } = await acquire(store, instance)
      await store.append(lease, n + 1, { sealed: bytes('x'), entries: [entry(1)] })
      await store.fold(lease, n + 1, [{ type: 'session', id: 'a', sealed: bytes('x'), n: n + 1 }])
      await assert.rejects(store.remove(keyOf(instance)), refused('lease_held'))
      await store.release(lease, { status, seq: 1 })
      await store.remove(keyOf(instance))
      await assert.rejects(append(store, lease, n + 2, 'late'), refused('fenced'))
      const next = await acquire(store, instance)
      assert.ok(next.lease.epoch > lease.epoch)
      assert.equal(next.seq, 1, 'numbers are never given twice')
      assert.equal(await store.head(keyOf(instance)), 1)
      assert.equal((await store.session(keyOf(instance)))?.base, 1)
      assert.deepEqual(await all(store.keys(next.lease)), [])
      assert.deepEqual(await store.journal(keyOf(instance), 0, 10), [])
    })

    it('keeps pools of proxies apart by organisation', async () => {
      const store = await open()
      const pool = (organization: string, name: string, address: string) => ({
        _id: `${organization}/${name}`,
        organization,
        name,
        addresses: [address],
        sealed: new Uint8Array([1, 2]),
        updatedAt: new Date(1_800_000_000_000),
      })
      await store.putProxyPool(pool('pooled', 'b', 'one:1'))
      await store.putProxyPool(pool('pooled', 'a', 'two:2'))
      await store.putProxyPool(pool('pooled', 'b', 'three:3'))
      await store.putProxyPool(pool('pooled-too', 'a', 'four:4'))
      const addresses = (await store.proxyPools('pooled')).map((one) => one.addresses[0])
      assert.deepEqual(addresses, ['two:2', 'three:3'])
      const found = await store.proxyPool('pooled', 'b')
      assert.deepEqual([...(found?.sealed ?? [])], [1, 2])
      assert.equal(await store.proxyPool('pooled', 'c'), null)
      assert.equal(await store.removeProxyPool('pooled', 'b'), true)
      assert.equal(await store.removeProxyPool('pooled', 'b'), false)
    })

    it('keeps the limits of organisations, and tells none that nobody set', async () => {
      const store = await open()
      await store.setLimit('limited', 5)
      await store.setLimit('limited', 20)
      await store.setLimit('other', 0)
      const limits = await store.limitsOf(['limited', 'other', 'unknown'])
      assert.deepEqual([...limits].sort(), [
        ['limited', 20],
        ['other', 0],
      ])
    })
  })
}
