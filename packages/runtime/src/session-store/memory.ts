/** The session store in memory, for unit tests of those who use it. It passes the same conformance suite as the one on MongoDB. */
import { type InstanceId, type LogDoc, type QueueDoc, type SessionDoc, WarrenError } from '@warren/contracts'
import type { Clock } from '../clock/index.ts'
import { keyId, logId, parseKeyId, positionOf } from './layout.ts'
import type { Lease, SessionStore, StoredKey } from './port.ts'

type Row = QueueDoc & { epoch?: number }
type Value = { n: number; sealed?: Uint8Array; expiresAt?: Date }

/** The deepest copy that keeps dates and bytes: what a database would give back is never the object that was put in. */
const copy = <T>(value: T): T => structuredClone(value)

export function createMemorySessionStore(clock: Clock): SessionStore {
  const sessions = new Map<InstanceId, SessionDoc>()
  const logs = new Map<InstanceId, LogDoc[]>()
  const keys = new Map<string, Value>()
  const archive = new Map<string, Value>()
  const queue = new Map<string, Row>()
  const positions = new Map<InstanceId, number>()

  const logOf = (instance: InstanceId): LogDoc[] => {
    const found = logs.get(instance) ?? []
    logs.set(instance, found)
    return found
  }
  const last = (instance: InstanceId) => logOf(instance).at(-1)
  const headOf = (instance: InstanceId) => logOf(instance).findLast((doc) => doc.seq !== undefined)?.seq ?? 0

  /** The session document, if the lease is the present one. */
  const held = (lease: Lease): SessionDoc | undefined => {
    const session = sessions.get(lease.instance)
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
    async acquire({ instance, organization, holder, ttlMs }) {
      const session = sessions.get(instance) ?? empty(instance, organization)
      if (session.organization !== organization) throw new WarrenError('organization_mismatch')
      if (session.holder !== null && session.expiresAt > clock.now())
        throw new WarrenError('lease_held', `held by ${session.holder}`)
      const tail = last(instance)
      const epoch = Math.max(session.epoch, tail?.epoch ?? 0) + 1
      update(session, { epoch, holder, expiresAt: new Date(clock.now().getTime() + ttlMs) })
      const n = tail ? positionOf(tail._id) + 1 : 1
      logOf(instance).push({ _id: logId(instance, n), epoch, holder, at: clock.now(), takeover: true })
      const lease = { instance, organization, epoch, holder }
      return { lease, n, seq: headOf(instance), folded: session.folded, status: copy(session.status) }
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
      const tail = last(lease.instance)
      if (tail && positionOf(tail._id) >= n) {
        const there = logOf(lease.instance).find((doc) => doc._id === logId(lease.instance, n))
        if (there?.epoch === lease.epoch && there.holder === lease.holder) return
        throw new WarrenError('fenced')
      }
      const seq = entries?.at(-1)?.seq
      logOf(lease.instance).push(
        copy({
          _id: logId(lease.instance, n),
          epoch: lease.epoch,
          holder: lease.holder,
          at: clock.now(),
          ...(sealed ? { sealed } : {}),
          ...(entries && seq !== undefined ? { instance: lease.instance, seq, entries } : {}),
        }),
      )
    },

    async *keys({ instance }) {
      for (const [id, { n, sealed }] of keys) {
        if (sealed && id.startsWith(`${instance}/`)) yield copy({ ...parseKeyId(id), n, sealed })
      }
    },

    async *commitsAfter({ instance }, n) {
      for (const doc of logOf(instance)) {
        if (positionOf(doc._id) <= n) continue
        const { sealed, seq } = doc
        yield copy({
          n: positionOf(doc._id),
          ...(sealed ? { sealed } : {}),
          ...(seq === undefined ? {} : { seq }),
        })
      }
    },

    async archived({ instance }, type, id): Promise<StoredKey | undefined> {
      const found = archive.get(keyId(instance, type, id))
      if (!found?.sealed || (found.expiresAt && found.expiresAt <= clock.now())) return undefined
      return copy({ type, id, n: found.n, sealed: found.sealed })
    },

    async fold(lease, n, changes) {
      for (const { type, id, n: position, sealed, expiresAt } of changes) {
        const target = expiresAt ? archive : keys
        const place = keyId(lease.instance, type, id)
        if ((target.get(place)?.n ?? 0) >= position) continue
        target.set(
          place,
          copy({ n: position, ...(sealed ? { sealed } : {}), ...(expiresAt ? { expiresAt } : {}) }),
        )
      }
      const session = mustHold(lease)
      update(session, { folded: Math.max(session.folded, n) })
      logs.set(
        lease.instance,
        logOf(lease.instance)
          .filter((doc) => doc.takeover || doc.entries || positionOf(doc._id) > n)
          .map((doc) => (positionOf(doc._id) > n ? doc : withoutSealed(doc))),
      )
    },

    async pendingSends({ instance }, afterPosition, limit) {
      return [...queue.values()]
        .filter((row) => row.instance === instance && row.state !== 'done' && row.position > afterPosition)
        .sort((a, b) => a.position - b.position)
        .slice(0, limit)
        .map(copy)
    },

    async markSends(lease, messageIds, state) {
      const rows = messageIds.map((id) => queue.get(`${lease.instance}/${id}`))
      for (const row of rows) {
        if (row && (row.epoch ?? 0) <= lease.epoch) queue.set(row._id, { ...row, state, epoch: lease.epoch })
      }
      if (rows.some((row) => !row || (row.epoch ?? 0) > lease.epoch)) mustHold(lease)
    },

    async session(instance) {
      return copy(sessions.get(instance) ?? null)
    },
    async sessions(instances) {
      return copy(instances.flatMap((instance) => sessions.get(instance) ?? []))
    },
    async head(instance) {
      return headOf(instance)
    },
    async journal(instance, afterSeq, limit) {
      const entries = logOf(instance).flatMap((doc) =>
        (doc.entries ?? []).map((entry) => ({ ...entry, epoch: doc.epoch })),
      )
      return copy(entries.filter((entry) => entry.seq > afterSeq).slice(0, limit))
    },
    async *heads() {
      for (const { _id, organization, seq } of sessions.values()) {
        if (seq > 0) yield { instance: _id, organization, seq }
      }
    },

    async enqueue(send) {
      const _id = `${send.instance}/${send.messageId}`
      if (queue.has(_id)) throw new WarrenError('already_exists')
      const position = (positions.get(send.instance) ?? 0) + 1
      positions.set(send.instance, position)
      const row: Row = { _id, ...copy(send), position, state: 'queued', createdAt: clock.now() }
      queue.set(_id, row)
      return copy(row)
    },
    async get(instance, messageId) {
      return copy(queue.get(`${instance}/${messageId}`) ?? null)
    },

    async remove(instance) {
      const session = sessions.get(instance)
      if (!session) return
      const { lease } = await store.acquire({
        instance,
        organization: session.organization,
        holder: `remover/${session.epoch}`,
        ttlMs: 60_000,
      })
      for (const map of [keys, archive, queue]) {
        for (const id of map.keys()) if (id.startsWith(`${instance}/`)) map.delete(id)
      }
      logs.set(
        instance,
        logOf(instance).filter((doc) => doc.takeover),
      )
      update(mustHold(lease), { ...empty(instance, session.organization), epoch: lease.epoch })
    },
  }
  return store
}

function empty(instance: InstanceId, organization: string): SessionDoc {
  return {
    _id: instance,
    organization,
    epoch: 0,
    holder: null,
    expiresAt: new Date(0),
    status: null,
    statusAt: null,
    seq: 0,
    folded: 0,
  }
}

function withoutSealed({ sealed: _dropped, ...doc }: LogDoc): LogDoc {
  return doc
}
