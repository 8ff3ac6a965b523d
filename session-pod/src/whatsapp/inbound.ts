/** A message stanza and what was decrypted from it, as journal entries. Pure. */
import { type Address, type Message, parseJid } from '@warren/contracts'
import type { JournalDraft } from '../session/journal.ts'
import type { AddressBook } from './addresses.ts'
import { type BinaryNode, proto } from './baileys.ts'
import { type ImageMessage, openMessage, readContent, timeOf } from './content.ts'

export type InboundContext = {
  readonly addresses: AddressBook
  /** JIDs of our own account, bare. */
  readonly own: { pn?: string; lid?: string }
  readonly now: Date
}

export type Inbound = {
  readonly message: Message
  /** Present for an image: what is needed to fetch it. */
  readonly image?: ImageMessage
}

/** Identity of a message in the journal: ids are chosen by senders and unique only with chat, author and direction. */
export type Envelope = Pick<Message, 'id' | 'chat' | 'sender' | 'fromMe' | 'timestamp' | 'pushName'>

/** Who wrote what where, from the stanza alone; undefined for what is no chat (newsletters, peer data). */
export function readEnvelope(
  stanza: BinaryNode,
  context: InboundContext,
  destination?: string,
): Envelope | undefined {
  const { id, from, participant, recipient, t, notify, category } = stanza.attrs
  const kind = from ? parseJid(from)?.kind : undefined
  if (!id || !from || category === 'peer' || kind === 'newsletter' || kind === 'other') return undefined
  const base = { id, timestamp: timeOf(t, context.now), ...(notify ? { pushName: notify } : {}) }
  if (kind === 'group' || kind === 'status') {
    if (!participant) return undefined
    const { participant_lid, participant_pn, participant_username } = stanza.attrs
    const author = context.addresses.complete(participant, participant_lid ?? participant_pn)
    const sender = named(author, participant_username)
    return { ...base, chat: context.addresses.complete(from), sender, fromMe: isOwn(participant, context) }
  }
  if (isOwn(from, context)) {
    const to = recipient ?? destination
    if (!to) return undefined
    // Never sender_lid or sender_pn: in an echo they name ourselves.
    const { peer_recipient_lid, peer_recipient_pn, recipient_lid, recipient_pn } = stanza.attrs
    const partner = peer_recipient_lid ?? peer_recipient_pn ?? recipient_lid ?? recipient_pn
    const username = stanza.attrs.peer_recipient_username ?? stanza.attrs.recipient_username
    return {
      ...base,
      chat: named(context.addresses.complete(to, partner), username),
      sender: context.addresses.complete(from),
      fromMe: true,
    }
  }
  const sender = context.addresses.complete(from, stanza.attrs.sender_lid ?? stanza.attrs.sender_pn)
  return { ...base, chat: sender, sender, fromMe: false }
}

const named = (address: Address, username: string | undefined): Address =>
  username ? { ...address, username } : address

/** What a decrypted payload is to people; empty when it serves the protocol only. */
export function readInbound(stanza: BinaryNode, payload: Uint8Array, context: InboundContext): Inbound[] {
  const { message, destination } = openMessage(payload)
  const resent = message.protocolMessage?.peerDataOperationRequestResponseMessage
  if (resent && isOwn(stanza.attrs.from ?? '', context)) return resentByPhone(resent, context)
  const read = readContent(message)
  const envelope = read && readEnvelope(stanza, context, destination)
  if (!read || !envelope) return []
  return [{ message: { ...envelope, content: read.content }, ...(read.image ? { image: read.image } : {}) }]
}

/** Our phone's answer to the request for a message that did not reach this device. */
function resentByPhone(
  response: proto.Message.IPeerDataOperationRequestResponseMessage,
  context: InboundContext,
): Inbound[] {
  return (response.peerDataOperationResult ?? []).flatMap(({ placeholderMessageResendResponse: resend }) => {
    if (!resend?.webMessageInfoBytes) return []
    const found = fromWebMessage(proto.WebMessageInfo.decode(resend.webMessageInfoBytes), context)
    return found ? [found] : []
  })
}

/** A message as a phone stores it; undefined for what is none to people. */
export function fromWebMessage(info: proto.IWebMessageInfo, context: InboundContext): Inbound | undefined {
  const { key, message, messageTimestamp, pushName } = info
  const read = message ? readContent(message) : undefined
  if (!key?.id || !key.remoteJid || !read) return undefined
  const chat = context.addresses.complete(key.remoteJid)
  const author =
    key.participant ?? info.participant ?? (key.fromMe ? (context.own.pn ?? key.remoteJid) : key.remoteJid)
  const found: Message = {
    id: key.id,
    chat,
    sender: context.addresses.complete(author),
    fromMe: key.fromMe ?? false,
    timestamp: timeOf(messageTimestamp?.toString(), context.now),
    ...(pushName ? { pushName } : {}),
    content: read.content,
  }
  return { message: found, ...(read.image ? { image: read.image } : {}) }
}

/** A message that arrived and could not be read. */
export function undecryptable(
  stanza: BinaryNode,
  reason: string,
  context: InboundContext,
): JournalDraft | undefined {
  const envelope = readEnvelope(stanza, context)
  if (!envelope || envelope.fromMe) return undefined
  const { id, chat, sender, timestamp } = envelope
  return { type: 'message.undecryptable', at: context.now, data: { id, chat, sender, timestamp, reason } }
}

/** Whether it is an address of our own account. */
export function isOwn(jid: string, { own }: InboundContext): boolean {
  const user = parseJid(jid)?.user
  return user !== undefined && [own.pn, own.lid].some((mine) => mine && parseJid(mine)?.user === user)
}
