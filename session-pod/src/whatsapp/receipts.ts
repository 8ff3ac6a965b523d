/** Receipts and acks as the way of our own messages. Pure. */
import { ERRORS, type ErrorCode, type MessageStatus, parseJid } from '@warren/contracts'
import { type BinaryNode, getBinaryNodeChildren } from './baileys.ts'

export type ReceiptNews = {
  readonly ids: readonly string[]
  readonly status: MessageStatus
  /** The chat as the server named it. */
  readonly chat: string
  /** Seconds since 1970, as text. */
  readonly t: string | undefined
}

/** Of the receipt's types only these move a message; `inactive` is a delivery to a device nobody looks at. */
const STATUS_OF: Readonly<Record<string, MessageStatus>> = {
  '': 'delivered',
  inactive: 'delivered',
  read: 'read',
  played: 'played',
}

/**
 * What a receipt tells of messages that we sent. Undefined for receipts of our own other devices (they have a `recipient`), for retries,
 * and for groups, where each member sends one and none speaks for the message.
 */
export function readReceipt(stanza: BinaryNode): ReceiptNews | undefined {
  const { id, from, recipient, participant, type = '', t } = stanza.attrs
  const status = STATUS_OF[type]
  if (!id || !from || !status || recipient || participant) return undefined
  const kind = parseJid(from)?.kind
  if (kind !== 'pn' && kind !== 'lid') return undefined
  const [list] = getBinaryNodeChildren(stanza, 'list')
  const more = list ? getBinaryNodeChildren(list, 'item').flatMap((item) => item.attrs.id ?? []) : []
  return { ids: [id, ...more], status, chat: from, t }
}

export type AckNews = {
  readonly id: string
  readonly error?: number
  readonly t: string | undefined
  /** Hash of the devices that WhatsApp knows of. */
  readonly phash?: string
}

/** The server's answer to a message. */
export function readMessageAck(stanza: BinaryNode): AckNews | undefined {
  const { id, error, t, phash } = stanza.attrs
  if (!id) return undefined
  return {
    id,
    t,
    ...(error === undefined ? {} : { error: Number(error) || 0 }),
    ...(phash === undefined ? {} : { phash }),
  }
}

/** WhatsApp's refusals by number: 463 is an account that may not begin chats, 479 a stanza for devices that are no more. */
const REFUSALS: Readonly<Record<number, ErrorCode>> = { 463: 'restricted', 479: 'recipient_stale' }

/** The same of messages to a group: not authorised, forbidden, not found, gone. */
const GROUP_REFUSALS = [401, 403, 404, 410]

/** A refusal as an error of the table. @param chat the JID that the message was for */
export function refusalOf(
  code: number,
  chat: string,
): { code: ErrorCode; whatsappCode: number; message: string } {
  const isClosed = parseJid(chat)?.kind === 'group' && GROUP_REFUSALS.includes(code)
  const known = isClosed ? 'not_in_group' : (REFUSALS[code] ?? 'rejected_by_whatsapp')
  return { code: known, whatsappCode: code, message: ERRORS[known].title }
}
