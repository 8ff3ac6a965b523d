/**
 * Sessions as libsignal uses them, beside their stored form: else each message to a contact reads dozens of keys from base64 that the message
 * before wrote. A session that a group took may be changed by it, and is live again only when the group stores it: so what a group
 * discards is never used again.
 */
import libsignal from 'libsignal'
import type { Groups } from '../store/groups.ts'

type Record = InstanceType<typeof libsignal.SessionRecord>
type RecordClass = {
  deserialize(data: object): Record
  readonly prototype: { serialize(): object }
}

export type LiveSessions = {
  /** The session of a stored form, live if it is; read only outside of groups. */
  take(id: string, stored: unknown): unknown
  /** A stored form that takes the place of another. */
  put(id: string, stored: unknown): void
  /** Keeps the stored forms only. */
  forget(): void
}

/** Contacts that are written to and from just now. */
const KEPT = 128

/** Which session a stored form was made of, and which was made of it last. */
const madeOf = new WeakMap<object, Record>()
const newest = new WeakMap<Record, object>()
const patched = Symbol('patched')

export function createLiveSessions(groups: Pick<Groups, 'inside'>): LiveSessions {
  letRecordsPass()
  const live = new Map<string, { readonly stored: object; readonly record: Record }>()
  return {
    take(id, stored) {
      const found = live.get(id)
      // A session that was stored in two places may be changed through one of them.
      if (!found || found.stored !== stored || newest.get(found.record) !== stored) return stored
      if (groups.inside()) live.delete(id)
      return found.record
    },
    put(id, stored) {
      live.delete(id)
      const record = typeof stored === 'object' && stored !== null ? madeOf.get(stored) : undefined
      if (!record) return
      live.set(id, { stored: stored as object, record })
      const oldest = live.keys().next()
      if (live.size > KEPT && !oldest.done) live.delete(oldest.value)
    },
    forget: () => live.clear(),
  }
}

/** Baileys deserialises whatever it loads, and serialises whatever it stores. Must patch the copy of libsignal that Baileys loads. */
function letRecordsPass(): void {
  const records = libsignal.SessionRecord as unknown as RecordClass & { [patched]?: true }
  if (records[patched]) return
  records[patched] = true
  const { deserialize } = records
  const { serialize } = records.prototype
  records.deserialize = function (data) {
    return data instanceof libsignal.SessionRecord ? (data as Record) : deserialize.call(this, data)
  }
  records.prototype.serialize = function (this: Record) {
    const data = serialize.call(this)
    madeOf.set(data, this)
    newest.set(this, data)
    return data
  }
}
