/**
 * What followed a message by the other address of its chat, before it was known that the two are one: it waits here for that, or for its
 * end.
 */
import type { InstanceId, JournalEntry } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import { Schema } from 'mongoose'
import { type PlatformDatabase, SCHEMA_OPTIONS, type TenantCollection } from '../platform/index.ts'
import type { Scope } from './operations.ts'

export type ParkableEntry = JournalEntry<'message.status' | 'message.media'>

type ParkedDoc = {
  readonly organization: string
  readonly instance: InstanceId
  readonly seq: number
  /** The address by which the entry names the chat. */
  readonly chat: string
  readonly entry: ParkableEntry
  readonly parkedAt: Date
}

/** WhatsApp keeps what is undelivered for two weeks: nothing that is older than this will still find its message. */
const KEPT_SECONDS = 30 * 24 * 3600

const schema = new Schema<ParkedDoc>(
  {
    organization: { type: String, required: true },
    instance: { type: String, required: true },
    seq: { type: Number, required: true },
    chat: { type: String, required: true },
    entry: { type: Schema.Types.Mixed, required: true },
    parkedAt: { type: Date, required: true },
  },
  SCHEMA_OPTIONS,
)
schema.index({ organization: 1, instance: 1, seq: 1 }, { unique: true })
schema.index({ organization: 1, instance: 1, chat: 1, seq: 1 })
schema.index({ parkedAt: 1 }, { expireAfterSeconds: KEPT_SECONDS })

export type ParkedEntries = {
  /** A repetition changes nothing. */
  park(
    scope: Scope,
    entries: readonly { readonly chat: string; readonly entry: ParkableEntry }[],
  ): Promise<void>
  /** What waits for one of these addresses, oldest first. */
  waiting(scope: Scope, chats: readonly string[]): Promise<ParkableEntry[]>
  /** Those among these addresses that something waits for. */
  chats(scope: Scope, among: readonly string[]): Promise<string[]>
  /** Those of these addresses are done with. */
  clear(scope: Scope, chats: readonly string[]): Promise<void>
  /** Forgets all of an instance. */
  forget(scope: Scope): Promise<void>
}

export function createParkedEntries(database: PlatformDatabase, clock: Pick<Clock, 'now'>): ParkedEntries {
  const parked: TenantCollection<ParkedDoc> = database.tenantCollection<ParkedDoc>('parked', schema)
  return {
    async park(scope, entries) {
      await parked.bulk(
        entries.map(({ chat, entry }) => ({
          filter: { ...scope, seq: entry.seq },
          update: { $setOnInsert: { chat, entry, parkedAt: clock.now() } },
          upsert: true,
        })),
      )
    },
    async waiting(scope, chats) {
      const rows = await parked.find({ ...scope, chat: { $in: chats } }, { sort: { seq: 1 } })
      return rows.map(({ entry }) => entry)
    },
    chats: async (scope, among) => [
      ...(await parked.countBy('chat', { ...scope, chat: { $in: among } })).keys(),
    ],
    async clear(scope, chats) {
      await parked.remove({ ...scope, chat: { $in: chats } })
    },
    async forget(scope) {
      await parked.remove(scope)
    },
  }
}
