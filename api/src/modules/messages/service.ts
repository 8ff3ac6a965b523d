import { createHash, randomBytes } from 'node:crypto'
import {
  type Address,
  addressOf,
  CHANNELS,
  type CommandRequest,
  type CommandResponse,
  type InstanceId,
  isContactId,
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
import { reviveWaiting } from '../../platform/index.ts'
import type { LookUpAddress } from '../identities/index.ts'
import type { InstanceService } from '../instances/index.ts'
import { recipientJid } from './recipient.ts'
import type { MessageDoc, MessageRepo } from './repo.ts'

export type NewMessage = {
  readonly to: string
  readonly category?: 'transactional' | 'marketing'
} & (
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly image: { readonly mediaId: string; readonly caption?: string } }
)

/** An uploaded file as the send queue needs it. @throws WarrenError `media_unavailable` */
export type UploadedMedia = (
  organization: string,
  mediaId: string,
) => Promise<{ mimetype: string; key: string; size: number }>

export type MessageService = {
  /**
   * Accepts a message: when it resolves, the message survives any crash. Sending follows.
   * @param seed the same bytes give the same message id, so that a repeated request cannot send twice
   * @throws WarrenError `recipient_opted_out` for marketing to a contact who asked for no more
   */
  send(
    organization: string,
    instance: InstanceId,
    message: NewMessage,
    seed?: Uint8Array,
  ): Promise<MessageDoc>
  /** With what the session says of its wait at this moment, where it can be asked. */
  get(organization: string, instance: InstanceId, id: string): Promise<MessageDoc>
  /** What waits in the session, in the order in which it will go. */
  waiting(organization: string, instance: InstanceId, limit?: number): Promise<CommandResponse<'queue.list'>>
  list(
    organization: string,
    instance: InstanceId,
    query: PageQuery & { chat?: string },
  ): Promise<Paged<MessageDoc>>
  /** Sends blue ticks for received messages; returns how many there were. */
  markRead(organization: string, instance: InstanceId, ids: readonly string[]): Promise<number>
}

export function createMessageService(deps: {
  repo: MessageRepo
  /** Where an address belongs. */
  lookUpAddress: LookUpAddress
  /** Key of whom a path or query names. @throws WarrenError `not_found`, `validation_failed` */
  keyOf: (organization: string, instance: InstanceId, text: string, field: string) => Promise<string>
  queue: SendQueue
  instances: Pick<InstanceService, 'require'>
  /** Whether one of these contacts asked for no more marketing. */
  isOptedOut: (organization: string, instance: InstanceId, keys: readonly string[]) => Promise<boolean>
  uploadedMedia: UploadedMedia
  commands: SessionCalls
  bus: Pick<Bus, 'wake'>
  clock: Clock
}): MessageService {
  const { repo, lookUpAddress, queue, instances, uploadedMedia, commands, bus, clock } = deps

  async function refuseOptedOut(organization: string, instance: InstanceId, address: Address): Promise<void> {
    const { key } = await lookUpAddress(organization, instance, address)
    const keys = [...new Set([address.jid, key])]
    if (await deps.isOptedOut(organization, instance, keys)) throw new WarrenError('recipient_opted_out')
  }

  async function listWaiting(
    organization: string,
    instance: InstanceId,
    request: CommandRequest<'queue.list'>,
  ): Promise<CommandResponse<'queue.list'>> {
    const session = sessionKeyOf({ organization, instance })
    const { items, total } = await commands.call(session, 'queue.list', request)
    return { total, items: items.map(reviveWaiting) }
  }

  /** Positions and times change with every message that goes: the session knows them, what is stored is the last that it told. */
  async function withLiveWait(found: MessageDoc): Promise<MessageDoc> {
    const { organization, instance, id } = found
    const [live] = await listWaiting(organization, instance, { messageIds: [id] }).then(
      ({ items }) => items,
      () => [],
    )
    if (!live) return found
    const { id: _, to: _to, ...now } = live
    const { since = found.timestamp, seq = 0 } = found.waiting ?? {}
    return { ...found, waiting: { ...now, since, seq } }
  }

  async function contentOf(organization: string, message: NewMessage): Promise<SendContent> {
    if (message.type === 'text') return { type: 'text', text: message.text }
    const { mimetype, key, size } = await uploadedMedia(organization, message.image.mediaId)
    const { caption } = message.image
    return { type: 'image', ...(caption ? { caption } : {}), mimetype, mediaKey: key, size }
  }

  return {
    async send(organization, instance, message, seed) {
      await instances.require(organization, instance)
      const jid = isContactId(message.to)
        ? await deps.keyOf(organization, instance, message.to, 'body.to')
        : recipientJid(message.to, 'body.to')
      const address = addressOf(jid)
      const content = await contentOf(organization, message)
      const messageId = messageIdFrom(seed ? nineBytesOf(seed) : randomBytes(9))
      const category = message.category === 'marketing' ? ({ category: 'marketing' } as const) : {}
      if (category.category) await refuseOptedOut(organization, instance, address)
      const [chat] = await Promise.all([
        lookUpAddress(organization, instance, address),
        enqueueOnce(queue, { instance, organization, messageId, to: jid, content, ...category }),
      ])
      const now = clock.now()
      const accepted: MessageDoc = {
        organization,
        instance,
        chat: chat.key,
        id: messageId,
        fromMe: true,
        author: 'me',
        queued: true,
        chatAddress: { ...address, ...chat.told },
        timestamp: now,
        content: messageContent(content),
        ...category,
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
      return found.status === 'queued' && found.fromMe ? withLiveWait(found) : found
    },

    async waiting(organization, instance, limit) {
      await instances.require(organization, instance)
      return listWaiting(organization, instance, limit === undefined ? {} : { limit })
    },

    async list(organization, instance, { limit, cursor, chat }) {
      await instances.require(organization, instance)
      const [time, id] = cursor === undefined ? [] : decodeCursor(cursor, ['time', 'objectId'])
      const after = time === undefined ? {} : { after: { timestamp: new Date(Number(time)), id: String(id) } }
      const inChat =
        chat === undefined ? {} : { chat: await deps.keyOf(organization, instance, chat, 'query.chat') }
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
