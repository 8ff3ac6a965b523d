/** Chats: who was written with, and what was last said. A projection. */
import type { InstanceId } from '@warren/contracts'
import { Schema } from 'mongoose'
import { type PlatformDatabase, SCHEMA_OPTIONS, type TenantCollection } from '../../platform/index.ts'

export type LastMessage = {
  readonly id: string
  readonly fromMe: boolean
  readonly type: string
  /** The beginning of the text or caption. */
  readonly preview?: string
}

export type ChatDoc = {
  readonly organization: string
  readonly instance: InstanceId
  /** Key of the chat, see `canonicalJid`. */
  readonly jid: string
  readonly pn?: string
  readonly lid?: string
  readonly lastAt: Date
  /** Journal position of the last message: WhatsApp's times are whole seconds, so they alone give no order. */
  readonly lastSeq: number
  readonly last?: LastMessage
}

const schema = new Schema<ChatDoc>(
  {
    organization: { type: String, required: true },
    instance: { type: String, required: true },
    jid: { type: String, required: true },
    pn: String,
    lid: String,
    lastAt: { type: Date, required: true },
    lastSeq: { type: Number, required: true },
    last: Schema.Types.Mixed,
  },
  SCHEMA_OPTIONS,
)
schema.index({ organization: 1, instance: 1, jid: 1 }, { unique: true })
schema.index(
  { organization: 1, instance: 1, pn: 1 },
  { partialFilterExpression: { pn: { $exists: true } }, name: 'numbers' },
)
schema.index({ organization: 1, instance: 1, lastAt: -1, jid: -1 })

export type ChatCollection = TenantCollection<ChatDoc>

export function chatCollection(database: PlatformDatabase): ChatCollection {
  return database.tenantCollection<ChatDoc>('chats', schema)
}

export type ChatRepo = {
  byKey(organization: string, instance: InstanceId, jid: string): Promise<ChatDoc | null>
  /** The most recent first, after the given one. */
  list(
    organization: string,
    instance: InstanceId,
    limit: number,
    after?: { lastAt: Date; jid: string },
  ): Promise<ChatDoc[]>
}

export function createChatRepo(chats: ChatCollection): ChatRepo {
  return {
    byKey: (organization, instance, jid) => chats.findOne({ organization, instance, jid }),
    list(organization, instance, limit, after) {
      const older = after && {
        $or: [{ lastAt: { $lt: after.lastAt } }, { lastAt: after.lastAt, jid: { $lt: after.jid } }],
      }
      return chats.find({ organization, instance, ...older }, { sort: { lastAt: -1, jid: -1 }, limit })
    },
  }
}
