/** The session store in memory, for unit tests of those who use it. It passes the same conformance suite as the one on MongoDB. */
import { randomUUID } from 'node:crypto'
import {
  type LogDoc,
  type ProxyPoolDoc,
  type QueueDoc,
  type SessionDoc,
  type SessionKey,
  sessionKeyOf,
  WarrenError,
} from '@warren/contracts'
import type { Clock } from '../clock/index.ts'
import { keyId, logId, parseKeyId, positionOf } from './layout.ts'
import { newSession } from './new-session.ts'
import type { Lease, SessionStore, StoredKey } from './port.ts'

type Row = QueueDoc & { epoch?: number }
type Value = { n: number; sealed?: Uint8Array; expiresAt?: Date }

/** The deepest copy that keeps dates and bytes: what a database would give back is never the object that was put in. */
const copy = <T>(value: T): T => structuredClone(value)

export function createMemorySessionStore(clock: Clock): SessionStore {
  const sessions = new Map<SessionKey, SessionDoc>()
  const logs = new Map<SessionKey, LogDoc[]>()
  const keys = new Map<string, Value>()
  const archive = new Map<string, Value>()
  const queue = new Map<string, Row>()
  const positions = new Map<SessionKey, number>()
  const limits = new Map<string, number>()
  const pools = new Map<string, ProxyPoolDoc>()

  const logOf = (key: SessionKey): LogDoc[] => {
    const found = logs.get(key) ?? []
    logs.set(key, found)
    return found
  }
  const last = (key: SessionKey) => logOf(key).at(-1)
  const headOf = (key: SessionKey) =>
    logOf(key).findLast((doc) => doc.seq !== undefined)?.seq ?? sessions.get(key)?.base ?? 0

  /** The session document, if the lease is the present one. */
  const held = (lease: Lease): SessionDoc | undefined => {
    const session = sessions.get(sessionKeyOf(lease))
    return session?.epoch === lease.epoch && session.holder === lease.holder ? session : undefined
  }
  const mustHold = (lease: Lease): SessionDoc => {
    const session = held(lease)
    if (!session) throw new WarrenError('fenced')
    return session
  }
  const update = (session: SessionDoc, changes: Partial<SessionDoc>): void => {
    sessions.set(session._id, { ...session, ...copy(changes) })
  }

  const store: SessionStore = {
    async acquire({ instance, organization, holder, place = null, ttlMs }) {
      const key = sessionKeyOf({ organization, instance })
      const session = sessions.get(key) ?? newSession(organization, instance)
      const mine = session.holder === holder || (place !== null && session.place === place)
      if (session.holder !== null && !mine && session.expiresAt > clock.now())
        throw new WarrenError('lease_held', `held by ${session.holder}`)
      const tail = last(key)
      const epoch = Math.max(session.epoch, tail?.epoch ?? 0) + 1
      update(session, { epoch, holder, place, expiresAt: new Date(clock.now().getTime() + ttlMs) })
      const n = tail ? positionOf(tail._id) + 1 : 1
      logOf(key).push({ _id: logId(key, n), epoch, holder, at: clock.now(), takeover: true })
      const lease = { instance, organization, epoch, holder }
      return { lease, n, seq: headOf(key), folded: session.folded, status: copy(session.status) }
    },

    limitsOf: async (organizations) =>
      new Map(
        organizations.flatMap((name): [string, number][] => {
          const limit = limits.get(name)
          return limit === undefined ? [] : [[name, limit]]
        }),
      ),
    proxyPool: async (organization, name) => copy(pools.get(`${organization}/${name}`) ?? null),
    proxyPools: async (organization) =>
      copy(
        [...pools.values()]
          .filter((pool) => pool.organization === organization)
          .sort((a, b) => (a._id < b._id ? -1 : 1)),
      ),
    async putProxyPool(pool) {
      pools.set(pool._id, copy(pool))
    },
    removeProxyPool: async (organization, name) => pools.delete(`${organization}/${name}`),
    async setLimit(organization, maxInstances) {
      limits.set(organization, maxInstances)
    },

    async renew(lease, ttlMs, { status, seq }) {
      const session = mustHold(lease)
      const now = clock.now()
      update(session, {
        expiresAt: new Date(now.getTime() + ttlMs),
        status,
        statusAt: now,
        seq: Math.max(session.seq, seq),
      })
    },

    async release(lease, { status, seq }) {
      const session = held(lease)
      const now = clock.now()
      if (session)
        update(session, {
          holder: null,
          expiresAt: now,
          status,
          statusAt: now,
          seq: Math.max(session.seq, seq),
        })
    },

    async append(lease, n, { sealed, entries }) {
      const tail = last(sessionKeyOf(lease))
      if (tail && positionOf(tail._id) >= n) {
        const there = logOf(sessionKeyOf(lease)).find((doc) => doc._id === logId(sessionKeyOf(lease), n))
        if (there?.epoch === lease.epoch && there.holder === lease.holder) return
        throw new WarrenError('fenced')
      }
      const seq = entries?.at(-1)?.seq
      logOf(sessionKeyOf(lease)).push(
        copy({
          _id: logId(sessionKeyOf(lease), n),
          epoch: lease.epoch,
          holder: lease.holder,
          at: clock.now(),
          ...(sealed ? { sealed } : {}),
          ...(entries && seq !== undefined ? { session: sessionKeyOf(lease), seq, entries } : {}),
        }),
      )
    },

    async *keys(lease) {
      for (const [id, { n, sealed }] of keys) {
        if (sealed && id.startsWith(`${sessionKeyOf(lease)}/`)) yield copy({ ...parseKeyId(id), n, sealed })
      }
    },

    async *commitsAfter(lease, n) {
      for (const doc of logOf(sessionKeyOf(lease))) {
        if (positionOf(doc._id) <= n) continue
        const { sealed, seq } = doc
        yield copy({
          n: positionOf(doc._id),
          ...(sealed ? { sealed } : {}),
          ...(seq === undefined ? {} : { seq }),
        })
      }
    },

    async archived(lease, type, id): Promise<StoredKey | undefined> {
      const found = archive.get(keyId(sessionKeyOf(lease), type, id))
      if (!found?.sealed || (found.expiresAt && found.expiresAt <= clock.now())) return undefined
      return copy({ type, id, n: found.n, sealed: found.sealed })
    },

    async archivedAfter(lease, after, limit) {
      const key = sessionKeyOf(lease)
      const from = after ? keyId(key, after.type, after.id) : `${key}/`
      return [...archive]
        .filter(([place, { sealed }]) => sealed && place > from && place.startsWith(`${key}/`))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, limit)
        .flatMap(([place, { n, sealed, expiresAt }]) =>
          sealed && expiresAt ? [copy({ ...parseKeyId(place), n, sealed, expiresAt })] : [],
        )
    },
    archiveSize: async (lease) =>
      [...archive.keys()].filter((place) => place.startsWith(`${sessionKeyOf(lease)}/`)).length,

    async fold(lease, n, changes) {
      for (const { type, id, n: position, sealed, expiresAt } of changes) {
        const target = expiresAt ? archive : keys
        const place = keyId(sessionKeyOf(lease), type, id)
        if ((target.get(place)?.n ?? 0) >= position) continue
        target.set(
          place,
          copy({ n: position, ...(sealed ? { sealed } : {}), ...(expiresAt ? { expiresAt } : {}) }),
        )
      }
      const session = mustHold(lease)
      update(session, { folded: Math.max(session.folded, n) })
      logs.set(
        sessionKeyOf(lease),
        logOf(sessionKeyOf(lease))
          .filter((doc) => doc.takeover || doc.entries || positionOf(doc._id) > n)
          .map((doc) => (positionOf(doc._id) > n ? doc : withoutSealed(doc))),
      )
    },

    async pendingSends({ organization, instance }, afterPosition, limit) {
      return [...queue.values()]
        .filter((row) => row.organization === organization && row.instance === instance)
        .filter((row) => row.state !== 'done' && row.position > afterPosition)
        .sort((a, b) => a.position - b.position)
        .slice(0, limit)
        .map(copy)
    },

    async markSends(lease, messageIds, state) {
      const rows = messageIds.map((id) => queue.get(`${sessionKeyOf(lease)}/${id}`))
      for (const row of rows) {
        if (row && (row.epoch ?? 0) <= lease.epoch) queue.set(row._id, { ...row, state, epoch: lease.epoch })
      }
      if (rows.some((row) => !row || (row.epoch ?? 0) > lease.epoch)) mustHold(lease)
    },

    async session(key) {
      return copy(sessions.get(key) ?? null)
    },
    async sessions(keys) {
      return copy(keys.flatMap((key) => sessions.get(key) ?? []))
    },
    async head(key) {
      return headOf(key)
    },
    async journal(key, afterSeq, limit) {
      const entries = logOf(key).flatMap((doc) =>
        (doc.entries ?? []).map((entry) => ({ ...entry, epoch: doc.epoch })),
      )
      return copy(entries.filter((entry) => entry.seq > afterSeq).slice(0, limit))
    },
    async *heads() {
      for (const { organization, instance, seq, base } of sessions.values()) {
        if (seq > 0) yield { organization, instance, seq, base }
      }
    },

    async enqueue(send) {
      const key = sessionKeyOf(send)
      const _id = `${key}/${send.messageId}`
      if (queue.has(_id)) throw new WarrenError('already_exists')
      const position = (positions.get(key) ?? 0) + 1
      positions.set(key, position)
      const row: Row = { _id, ...copy(send), position, state: 'queued', createdAt: clock.now() }
      queue.set(_id, row)
      return copy(row)
    },
    async get(key, messageId) {
      return copy(queue.get(`${key}/${messageId}`) ?? null)
    },

    async remove(key) {
      const session = sessions.get(key)
      if (!session) return
      const { organization, instance } = session
      const holder = `remover/${randomUUID()}`
      const { lease, seq } = await store.acquire({ instance, organization, holder, ttlMs: 60_000 })
      for (const map of [keys, archive, queue]) {
        for (const id of map.keys()) if (id.startsWith(`${key}/`)) map.delete(id)
      }
      logs.set(
        key,
        logOf(key).filter((doc) => doc.takeover),
      )
      update(mustHold(lease), { ...newSession(organization, instance), epoch: lease.epoch, seq, base: seq })
    },
  }
  return store
}

function withoutSealed({ sealed: _dropped, ...doc }: LogDoc): LogDoc {
  return doc
}
