/** Messages: a projection of the journal, and of the queue until the session has taken a message over. */
import type {
  Address,
  InstanceId,
  MediaInfo,
  Message,
  MessageContent,
  MessageStatus,
  Waiting,
} from '@warren/contracts'
import { createGroupWriter } from '@warren/runtime/mongo'
import { Schema, type Types } from 'mongoose'
import { type PlatformDatabase, SCHEMA_OPTIONS, type TenantCollection } from '../../platform/index.ts'

export type MessageError = {
  readonly code: string
  readonly message: string
  readonly whatsappCode?: number
  /** A restriction by WhatsApp ends then. */
  readonly until?: Date
}

/** Why it does not go out yet, as the session told last. */
export type MessageWaiting = Waiting & {
  readonly since: Date
  /** Journal position of what told it. */
  readonly seq: number
}

export type MessageDoc = {
  readonly _id?: Types.ObjectId
  readonly organization: string
  readonly instance: InstanceId
  /** Key of the chat, see `canonicalJid`. */
  readonly chat: string
  /** WhatsApp's id, unique together with instance, chat, direction and author. */
  readonly id: string
  readonly fromMe: boolean
  /** Key of the sender; `me` for messages of the account, whose own address need not be known yet. */
  readonly author: string
  /** Whether it went through our queue. Its id is then ours and unique within the instance. */
  readonly queued?: boolean
  readonly chatAddress: Address
  readonly senderAddress?: Address
  readonly timestamp: Date
  readonly pushName?: string
  readonly content: MessageContent
  /** What `message.media` told: where the bytes are, or why there are none. */
  readonly stored?: MediaInfo
  readonly mediaError?: MessageError
  /** Of messages of the account only. */
  readonly status?: MessageStatus
  readonly statusAt?: Date
  /** Journal position of the entry that gave the status. */
  readonly statusSeq?: number
  readonly error?: MessageError
  readonly waiting?: MessageWaiting
  readonly category?: 'marketing'
  /** Set when someone marked a received message as read through the API. */
  readonly readAt?: Date
  /** Journal position of the entry that gave the content; 0 before the session has taken the message over. */
  readonly seq: number
  /** Journal position of the first entry that told of it. */
  readonly firstSeq?: number
  /** Journal position of the entry that gave `stored`; 0 before. */
  readonly mediaSeq: number
}

const anything = Schema.Types.Mixed
const schema = new Schema<MessageDoc>(
  {
    organization: { type: String, required: true },
    instance: { type: String, required: true },
    chat: { type: String, required: true },
    id: { type: String, required: true },
    fromMe: { type: Boolean, required: true },
    author: { type: String, required: true },
    queued: Boolean,
    chatAddress: { type: anything, required: true },
    senderAddress: anything,
    timestamp: { type: Date, required: true },
    pushName: String,
    content: { type: anything, required: true },
    stored: anything,
    mediaError: anything,
    status: String,
    statusAt: Date,
    statusSeq: Number,
    error: anything,
    waiting: anything,
    category: String,
    readAt: Date,
    seq: { type: Number, required: true },
    firstSeq: Number,
    mediaSeq: { type: Number, required: true },
  },
  SCHEMA_OPTIONS,
)
schema.index({ organization: 1, instance: 1, chat: 1, id: 1, fromMe: 1, author: 1 }, { unique: true })
schema.index(
  { organization: 1, instance: 1, id: 1, queued: 1 },
  { unique: true, partialFilterExpression: { queued: true }, name: 'queued_once' },
)
schema.index({ organization: 1, instance: 1, timestamp: -1, _id: -1 })
schema.index({ organization: 1, instance: 1, chat: 1, timestamp: -1, _id: -1 })
// An id is nearly unique by itself. Filters name it first as well: SecantusDB looks only the first field up where a filter has more than an index.
schema.index({ id: 1, instance: 1, organization: 1 })
schema.index(
  { organization: 1, instance: 1, author: 1 },
  { partialFilterExpression: { fromMe: false }, name: 'authors' },
)
schema.index(
  { organization: 1, instance: 1, chat: 1, readAt: 1 },
  { partialFilterExpression: { fromMe: false }, name: 'received' },
)

export type MessageCollection = TenantCollection<MessageDoc>

export function messageCollection(database: PlatformDatabase): MessageCollection {
  return database.tenantCollection<MessageDoc>('messages', schema)
}

/** Where a list goes on: after this time, and among equals after this row. */
export type After = { readonly timestamp: Date; readonly id: string }

export type MessageRepo = {
  /** Stores an accepted message unless the session was faster. */
  insertQueued(message: MessageDoc): Promise<void>
  /** The own message of this id if there is one, else any. */
  get(organization: string, instance: InstanceId, id: string): Promise<MessageDoc | null>
  /** Newest first. */
  list(
    organization: string,
    instance: InstanceId,
    query: { limit: number; chat?: string; after?: After },
  ): Promise<MessageDoc[]>
  /** Received messages among these ids. */
  received(organization: string, instance: InstanceId, ids: readonly string[]): Promise<MessageDoc[]>
  markRead(organization: string, instance: InstanceId, ids: readonly string[], at: Date): Promise<void>
  /** How many received messages of each of these chats are not marked as read; chats without one are absent. */
  countUnread(
    organization: string,
    instance: InstanceId,
    chats: readonly string[],
  ): Promise<ReadonlyMap<string, number>>
}

export function createMessageRepo(
  messages: MessageCollection,
  objectId: (text: string) => Types.ObjectId,
): MessageRepo {
  const accepted = createGroupWriter<MessageDoc>(async (documents) => {
    await messages.insertMissing(documents)
    return []
  })
  return {
    insertQueued: accepted.add,
    get: (organization, instance, id) =>
      messages.findOne({ id, instance, organization }, { sort: { fromMe: -1 } }),
    list(organization, instance, { limit, chat, after }) {
      const older = after && {
        $or: [
          { timestamp: { $lt: after.timestamp } },
          { timestamp: after.timestamp, _id: { $lt: objectId(after.id) } },
        ],
      }
      return messages.find(
        { organization, instance, ...(chat === undefined ? {} : { chat }), ...older },
        { sort: { timestamp: -1, _id: -1 }, limit },
      )
    },
    received: (organization, instance, ids) =>
      messages.find({ id: { $in: ids }, organization, instance, fromMe: false }),
    async markRead(organization, instance, ids, at) {
      const unread = { id: { $in: ids }, organization, instance, fromMe: false, readAt: { $exists: false } }
      await messages.bulk([{ filter: unread, update: { $set: { readAt: at } }, many: true }])
    },
    countUnread: (organization, instance, chats) =>
      messages.countBy('chat', {
        organization,
        instance,
        chat: { $in: chats },
        fromMe: false,
        readAt: { $exists: false },
      }),
  }
}

/** The author of a message as its key has it. */
export function authorOf(message: Pick<Message, 'fromMe'>, sender: string): string {
  return message.fromMe ? 'me' : sender
}
