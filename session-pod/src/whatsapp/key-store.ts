/**
 * Baileys' key store on the session's state. Reads never wait for a database and never fail: Baileys takes a rejected read for "no
 * session" and would build a new one over the old.
 */
import { addressOf } from '@warren/contracts'
import type { Groups } from '../store/groups.ts'
import type { SignalDataSet, SignalDataTypeMap, SignalKeyStoreWithTransaction } from './baileys.ts'
import { mergeSessions, type StoredRecord } from './merge-sessions.ts'

/** Who we are, as far as it is known. */
export type OwnIds = () => { pn?: string; lid?: string }

export type KeyStores = {
  /** For the Signal repository: its transactions are groups. */
  readonly signal: SignalKeyStoreWithTransaction
  /**
   * For the rest of Baileys. Its transactions span network queries and the sending of frames, under labels that exclude nobody: here they
   * are nothing, and each `set` is a group.
   */
  readonly passThrough: SignalKeyStoreWithTransaction
}

/** @param sessionIds ids of all sessions, as `user[_domain].device` */
export function createKeyStores(
  groups: Groups,
  sessionIds: () => Iterable<string>,
  now: () => Date,
): KeyStores {
  async function get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]) {
    const found: Record<string, SignalDataTypeMap[T]> = {}
    for (const id of ids) {
      const value = groups.get(type, id)
      if (value !== undefined) found[id] = lendable(value) as SignalDataTypeMap[T]
    }
    return found
  }

  const set = (data: SignalDataSet) =>
    groups.run(async () => {
      for (const [type, values] of Object.entries(data)) {
        for (const [id, value] of Object.entries(values ?? {})) put(type, id, value ?? undefined)
      }
    })

  function put(type: string, id: string, value: unknown): void {
    // A pre-key that exists was perhaps uploaded: Baileys reads back what it wrote, and gets the one that counts.
    if (type === 'pre-key' && value !== undefined && groups.get(type, id) !== undefined) return
    if (type === 'lid-mapping') recordMapping(id, value)
    groups.put({ type, id, value })
  }

  function recordMapping(id: string, value: unknown): void {
    if (typeof value !== 'string' || id.endsWith('_reverse') || groups.get('lid-mapping', id) === value)
      return
    groups.record({
      type: 'identity.mapped',
      at: now(),
      data: { lid: `${value}@lid`, pn: `${id}@s.whatsapp.net` },
    })
    moveSessions(id, value)
  }

  /**
   * From now on the person's sessions are looked up under the hidden id. What was begun under the number moves there in the same group, or
   * what the contact writes on it could not be read.
   */
  function moveSessions(pnUser: string, lidUser: string): void {
    for (const id of [...sessionIds()]) {
      if (!id.startsWith(`${pnUser}.`)) continue
      const other = groups.get('session', id) as StoredRecord | undefined
      if (!other) continue
      const target = `${lidUser}_1${id.slice(pnUser.length)}`
      const kept = groups.get('session', target) as StoredRecord | undefined
      groups.put({ type: 'session', id: target, value: mergeSessions(kept, other, now().getTime()) })
      groups.put({ type: 'session', id, value: undefined })
    }
  }

  return {
    signal: { get, set, isInTransaction: groups.inside, transaction: (work) => groups.run(work) },
    passThrough: { get, set, isInTransaction: () => false, transaction: (work) => work() },
  }
}

/** Baileys changes lists and maps that it got in place; sessions and keys it does not, and they are what is read most. */
function lendable(value: unknown): unknown {
  if (Array.isArray(value)) return [...value]
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return { ...value }
}

/**
 * Whether a pair of addresses may be believed. Baileys takes the address of the sender for that of the partner in echoes of own messages
 * (`extractAddressingContext` prefers `sender_*`), and would file a contact under our own hidden id.
 */
export function isTrustworthyPair(
  pair: { lid: string; pn: string },
  own: { pn?: string; lid?: string },
): boolean {
  const { lid, pn } = addressOf(pair.lid, pair.pn)
  if (!lid || !pn) return true
  const ownLid = own.lid ? addressOf(own.lid).lid : undefined
  const ownPn = own.pn ? addressOf(own.pn).pn : undefined
  return (lid === ownLid) === (pn === ownPn) || !ownLid || !ownPn
}
