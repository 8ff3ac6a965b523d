/**
 * What a phone tells a device that it has just linked: whom it knows, and the newest messages of each chat. It is told once. Baileys
 * would take it in after WhatsApp was told that it arrived, and holds up what arrives meanwhile; here the notice of it is stored with its
 * ratchet, and taken in behind the messages (see history/importer.ts).
 */
import { promisify } from 'node:util'
import { inflate } from 'node:zlib'
import { type Address, type Message, type MessageStatus, parseJid, WarrenError } from '@warren/contracts'
import type { Change } from '../store/state.ts'
import {
  type BinaryNode,
  isLidUser,
  jidNormalizedUser,
  processHistoryMessage,
  proto,
  type SignalKeyStoreWithTransaction,
  tokenIndexWith,
} from './baileys.ts'
import { toNumber } from './content.ts'
import { fromWebMessage, type InboundContext, isOwn } from './inbound.ts'
import { downloadMedia, type HostRule } from './media.ts'

/** Notices by the id of the message that brought them, and beside each how much of it is taken in. */
export const HISTORY = { notice: 'history', done: 'history-done' } as const

export type HistoryNotice = {
  readonly notification: Uint8Array
  /** Milliseconds since 1970. */
  readonly at: number
}

type Notification = proto.Message.IHistorySyncNotification
type Conversation = proto.IConversation

export type History = {
  readonly pairs: readonly { lid: string; pn: string }[]
  readonly chats: readonly Conversation[]
  readonly names: readonly { readonly jid: string; readonly name: string }[]
  /** Oldest first, in the same order whenever it is read. */
  readonly messages: readonly proto.IWebMessageInfo[]
}

const { INITIAL_BOOTSTRAP, PUSH_NAME } = proto.HistorySync.HistorySyncType
/** The rest (three months and more) is decoded whole, in memory, for what nobody here asked for. */
const WANTED: readonly unknown[] = [INITIAL_BOOTSTRAP, PUSH_NAME]

const unpack = promisify(inflate)
/** Hundreds of chats with their newest messages are a few megabytes. */
const MAX_BYTES = 100_000_000

/** The notice in a message between own devices. */
export function historyNotice({ attrs }: BinaryNode, payload: Uint8Array, context: InboundContext): Change[] {
  if (attrs.category !== 'peer' || !isOwn(attrs.from ?? '', context)) return []
  const notification = proto.Message.decode(payload).protocolMessage?.historySyncNotification
  if (!notification || !WANTED.includes(notification.syncType)) return []
  const value: HistoryNotice = {
    notification: proto.Message.HistorySyncNotification.encode(notification).finish(),
    at: context.now.getTime(),
  }
  return [{ type: HISTORY.notice, id: attrs.id ?? '', value }]
}

/**
 * Fetches what a notice announces, unless it holds it.
 * @throws WarrenError `media_unavailable` when it is gone or not what was announced; else the error of the fetch
 */
export async function readHistory(
  { notification }: HistoryNotice,
  allowed: HostRule,
  agentTo?: Parameters<typeof downloadMedia>[3],
): Promise<History> {
  const notice: Notification = proto.Message.HistorySyncNotification.decode(notification)
  const inline = notice.initialHistBootstrapInlinePayload
  const packed = inline?.length ? inline : await downloadMedia(notice, 'md-msg-hist', allowed, agentTo)
  const { chats, contacts, messages, lidPnMappings } = processHistoryMessage(await decoded(packed))
  return {
    pairs: lidPnMappings ?? [],
    chats: chats as Conversation[],
    names: contacts.flatMap(({ id, notify }) => (id && notify ? [{ jid: id, name: notify }] : [])),
    messages: messages
      .filter(({ key }) => key?.id && key.remoteJid)
      .sort((a, b) => toNumber(a.messageTimestamp) - toNumber(b.messageTimestamp)),
  }
}

async function decoded(packed: Uint8Array): Promise<proto.HistorySync> {
  try {
    return proto.HistorySync.decode(await unpack(packed, { maxOutputLength: MAX_BYTES }))
  } catch (cause) {
    throw new WarrenError('media_unavailable', 'the history cannot be read', { cause })
  }
}

/** A message of the history; undefined for those that are none to people. */
export function historyMessage(
  info: proto.IWebMessageInfo,
  context: InboundContext,
): { message: Message; status?: { id: string; chat: Address; status: MessageStatus; at: Date } } | undefined {
  const message = fromWebMessage(info, context)?.message
  const kind = message && parseJid(message.chat.jid)?.kind
  if (!message || !kind || kind === 'newsletter' || kind === 'other') return undefined
  const status = message.fromMe ? STATUS_OF[info.status ?? 0] : undefined
  if (!status) return { message }
  return { message, status: { id: message.id, chat: message.chat, status, at: message.timestamp } }
}

const { DELIVERY_ACK, READ, PLAYED } = proto.WebMessageInfo.Status
const STATUS_OF: Readonly<Record<number, MessageStatus>> = {
  [DELIVERY_ACK]: 'delivered',
  [READ]: 'read',
  [PLAYED]: 'played',
}

/** The tokens by which contacts let this account write to them; without them WhatsApp may refuse (463). The newest of each counts. */
export async function storeTokens(
  chats: readonly Conversation[],
  keys: SignalKeyStoreWithTransaction,
  lidOf: (jid: string) => string | undefined,
): Promise<void> {
  const found: Record<string, { token: Buffer; timestamp: string; senderTimestamp?: number }> = {}
  for (const { id, tcToken, tcTokenTimestamp, tcTokenSenderTimestamp } of chats) {
    const timestamp = toNumber(tcTokenTimestamp)
    if (!id || !tcToken?.length || timestamp <= 0) continue
    const jid = jidNormalizedUser(id)
    const place = isLidUser(jid) ? jid : (lidOf(jid) ?? jid)
    const known = (await keys.get('tctoken', [place]))[place]
    if (Number(known?.timestamp ?? 0) >= timestamp) continue
    found[place] = {
      ...known,
      token: Buffer.from(tcToken),
      timestamp: String(timestamp),
      ...(tcTokenSenderTimestamp ? { senderTimestamp: toNumber(tcTokenSenderTimestamp) } : {}),
    }
  }
  if (Object.keys(found).length === 0) return
  await keys.set({ tctoken: { ...found, ...(await tokenIndexWith(keys, Object.keys(found))) } })
}
