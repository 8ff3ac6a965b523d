/** Messages as Warren tells of them: WhatsApp's protobuf never leaves the session pod. */
import type { Address } from './jid.ts'

/** The linked WhatsApp account. */
export type Account = {
  readonly jid: string
  readonly phone: string
  readonly lid?: string
  readonly pushName?: string
}

/** Where the bytes of a received or sent media message are kept. `key` is absent until they are stored. */
export type MediaInfo = {
  readonly mimetype: string
  readonly size?: number
  /** Hex SHA-256 of the bytes. */
  readonly sha256?: string
  readonly width?: number
  readonly height?: number
  /** Object-store key. Not shown to tenants: they get a signed URL. */
  readonly key?: string
}

export type MessageContent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly caption?: string; readonly media: MediaInfo }
  /** A kind this version does not read; `kind` is WhatsApp's name of it. */
  | { readonly type: 'unsupported'; readonly kind: string }

/**
 * A message's way. It only moves to the right; `failed` ends it. `pending` means that it is not known yet whether WhatsApp has it.
 * - `queued`: durable at Warren
 * - `pending`: handed to the socket
 * - `sent`: WhatsApp's server has it (one tick)
 * - `delivered`: the recipient's device has it (two ticks)
 * - `read`, `played`: blue
 */
export const MESSAGE_STATUSES = [
  'queued',
  'pending',
  'sent',
  'delivered',
  'read',
  'played',
  'failed',
] as const
export type MessageStatus = (typeof MESSAGE_STATUSES)[number]

/** Whether a status may replace another: late and repeated receipts must not move a message back. */
export function statusAdvances(from: MessageStatus, to: MessageStatus): boolean {
  if (from === 'failed')
    return to !== 'failed' && MESSAGE_STATUSES.indexOf(to) >= MESSAGE_STATUSES.indexOf('sent')
  if (to === 'failed') return from === 'queued' || from === 'pending'
  return MESSAGE_STATUSES.indexOf(to) > MESSAGE_STATUSES.indexOf(from)
}

/** A message in the journal. `id` is unique only together with chat, sender and direction (see docs/adr). */
export type Message = {
  readonly id: string
  readonly chat: Address
  /** The author; equals `chat` for a received one-to-one message. */
  readonly sender: Address
  readonly fromMe: boolean
  /** WhatsApp's time of the message. */
  readonly timestamp: Date
  readonly pushName?: string
  readonly content: MessageContent
}
