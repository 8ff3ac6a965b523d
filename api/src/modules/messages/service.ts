import { createHash, randomBytes } from 'node:crypto'
import {
  type Address,
  addressOf,
  CHANNELS,
  type InstanceId,
  isWarrenError,
  type MessageContent,
  messageIdFrom,
  type SendContent,
  sessionKeyOf,
  WarrenError,
} from '@warren/contracts'
import type { Bus } from '@warren/runtime/bus'
import type { Clock } from '@warren/runtime/clock'
import type { SessionCalls } from '@warren/runtime/session-calls'
import type { SendQueue } from '@warren/runtime/session-store'
import { cutPage, decodeCursor, type Paged, type PageQuery } from '../../http/index.ts'
import type { InstanceService } from '../instances/index.ts'
import { type IdentityRepo, keyAt } from './identities.ts'
import { recipientJid } from './recipient.ts'
import type { MessageDoc, MessageRepo } from './repo.ts'

export type NewMessage =
  | { readonly to: string; readonly type: 'text'; readonly text: string }
  | {
      readonly to: string
      readonly type: 'image'
      readonly image: { readonly mediaId: string; readonly caption?: string }
    }

/** An uploaded file as the send queue needs it. @throws WarrenError `media_unavailable` */
export type UploadedMedia = (
  organization: string,
  mediaId: string,
) => Promise<{ mimetype: string; key: string; size: number }>

export type MessageService = {
  /**
   * Accepts a message: when it resolves, the message survives any crash. Sending follows.
   * @param seed the same bytes give the same message id, so that a repeated request cannot send twice
   */
  send(
    organization: string,
    instance: InstanceId,
    message: NewMessage,
    seed?: Uint8Array,
  ): Promise<MessageDoc>
  get(organization: string, instance: InstanceId, id: string): Promise<MessageDoc>
  list(
    organization: string,
    instance: InstanceId,
    query: PageQuery & { chat?: string },
  ): Promise<Paged<MessageDoc>>
  /** Sends blue ticks for received messages; returns how many there were. */
  markRead(organization: string, instance: InstanceId, ids: readonly string[]): Promise<number>
}

/** The largest number there is: a row without a journal position is asked about as of now. */
const NOW = Number.MAX_SAFE_INTEGER

export function createMessageService(deps: {
  repo: MessageRepo
  identities: IdentityRepo
  queue: SendQueue
  instances: Pick<InstanceService, 'require'>
  uploadedMedia: UploadedMedia
  commands: SessionCalls
  bus: Pick<Bus, 'wake'>
  clock: Clock
}): MessageService {
  const { repo, identities, queue, instances, uploadedMedia, commands, bus, clock } = deps

  async function chatKey(organization: string, instance: InstanceId, address: Address): Promise<string> {
    const numbers = address.pn === undefined || address.lid !== undefined ? [] : [address.pn]
    return keyAt(address, await identities.ofNumbers(organization, instance, numbers), NOW)
  }

  async function contentOf(organization: string, message: NewMessage): Promise<SendContent> {
    if (message.type === 'text') return { type: 'text', text: message.text }
    const { mimetype, key, size } = await uploadedMedia(organization, message.image.mediaId)
    const { caption } = message.image
    return { type: 'image', ...(caption ? { caption } : {}), mimetype, mediaKey: key, size }
  }

  return {
    async send(organization, instance, message, seed) {
      const jid = recipientJid(message.to, 'body.to')
      const address = addressOf(jid)
      await instances.require(organization, instance)
      const content = await contentOf(organization, message)
      const messageId = messageIdFrom(seed ? nineBytesOf(seed) : randomBytes(9))
      const [chat] = await Promise.all([
        chatKey(organization, instance, address),
        enqueueOnce(queue, { instance, organization, messageId, to: jid, content }),
      ])
      const now = clock.now()
      const accepted: MessageDoc = {
        organization,
        instance,
        chat,
        id: messageId,
        fromMe: true,
        author: 'me',
        queued: true,
        chatAddress: address,
        timestamp: now,
        content: messageContent(content),
        status: 'queued',
        statusAt: now,
        seq: 0,
        mediaSeq: 0,
      }
      bus.wake(CHANNELS.queue(sessionKeyOf({ organization, instance })))
      await repo.insertQueued(accepted)
      return accepted
    },

    async get(organization, instance, id) {
      await instances.require(organization, instance)
      const found = await repo.get(organization, instance, id)
      if (!found) throw new WarrenError('not_found')
      return found
    },

    async list(organization, instance, { limit, cursor, chat }) {
      await instances.require(organization, instance)
      const [time, id] = cursor === undefined ? [] : decodeCursor(cursor, ['time', 'objectId'])
      const after = time === undefined ? {} : { after: { timestamp: new Date(Number(time)), id: String(id) } }
      const key = chat === undefined ? undefined : addressOf(recipientJid(chat, 'query.chat'))
      const inChat = key === undefined ? {} : { chat: await chatKey(organization, instance, key) }
      const rows = await repo.list(organization, instance, { limit: limit + 1, ...inChat, ...after })
      return cutPage(rows, limit, (row) => [row.timestamp.getTime(), String(row._id)])
    },

    async markRead(organization, instance, ids) {
      await instances.require(organization, instance)
      const received = await repo.received(organization, instance, ids)
      const byChat = Map.groupBy(received, (message) => message.chat)
      let marked = 0
      for (const [, messages] of byChat) {
        const messageIds = messages.map((message) => message.id)
        const chat = messages[0]?.chatAddress.jid ?? ''
        marked += (
          await commands.call(sessionKeyOf({ organization, instance }), 'message.markRead', {
            chat,
            messageIds,
          })
        ).marked
        await repo.markRead(organization, instance, messageIds, clock.now())
      }
      return marked
    },
  }
}

/** A row that is there already is this very message: its id is ours and comes from the same request. */
async function enqueueOnce(queue: SendQueue, row: Parameters<SendQueue['enqueue']>[0]): Promise<void> {
  try {
    await queue.enqueue(row)
  } catch (error) {
    if (!isWarrenError(error, 'already_exists')) throw error
  }
}

function nineBytesOf(seed: Uint8Array): Uint8Array {
  return createHash('sha256').update('message').update(seed).digest().subarray(0, 9)
}

/** What was asked to be sent, as a message shows it until the session tells what it sent. */
export function messageContent(content: SendContent): MessageContent {
  if (content.type === 'text') return content
  const { caption, mimetype, mediaKey, size } = content
  return { type: 'image', ...(caption ? { caption } : {}), media: { mimetype, size, key: mediaKey } }
}
