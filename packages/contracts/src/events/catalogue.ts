/**
 * The catalogue of events: one entry a type, with the TypeScript shape and the schema beside each other. The same events are in the
 * journal, on Redis, on Socket.IO, on SSE and on webhooks.
 *
 * Journaled events have a gap-free `seq` per instance and are the truth that everything else is derived from. Live events are
 * passing: they are shown to who listens now, and are never needed to know what happened.
 */
import Joi from 'joi'
import type { ErrorCode } from '../errors.ts'
import type { Address } from '../jid.ts'
import {
  type Account,
  MESSAGE_STATUSES,
  type MediaInfo,
  type Message,
  type MessageStatus,
} from '../message.ts'
import {
  PROTECTION_STATES,
  type ProtectionState,
  RISK_CAUSES,
  type RiskCause,
  WAITING_REASONS,
  type Waiting,
} from '../protection.ts'
import { PASSKEY_STAGES, type PasskeyStep, SESSION_PHASES, type SessionStatus } from '../session.ts'

/** Version of the schemas below. A change that an old consumer cannot read raises it. */
export const EVENTS_VERSION = 1

/** Journaled: stored before WhatsApp may consider the thing done. */
export type JournalEvents = {
  /** The phase of the session changed. Without QR or code: those are live only. */
  'session.status': { phase: SessionStatus['phase']; reason?: string; message?: string; account?: Account }
  /** A phone linked this session. */
  'session.paired': { account: Account }
  /** The link ended for good: by the phone (`device_removed`), by WhatsApp, or by a person's request. */
  'session.loggedOut': { reason: string }
  /** Received, or sent by another device of the account (`fromMe`). */
  'message.received': { message: Message }
  /**
   * From before the link, as the phone told it once: oldest first, and often after messages that are newer. Pictures are named and not
   * fetched.
   */
  'message.history': { message: Message }
  /** Taken from the send queue; the message has its final content now. */
  'message.outgoing': { message: Message }
  /** The message moved on. `at` is WhatsApp's time where it told one. */
  'message.status': {
    id: string
    chat: Address
    status: MessageStatus
    at: Date
    /** `until`: a restriction by WhatsApp ends then. */
    error?: { code: ErrorCode; whatsappCode?: number; message: string; until?: Date }
  }
  /** It does not go out yet, and why. Told once it is clear that it takes more than a moment, and again when the reason changes. */
  'message.waiting': { id: string; chat: Address } & Waiting
  /** The bytes of a received media message are stored, or will never be. */
  'message.media': {
    id: string
    chat: Address
    media: MediaInfo
    error?: { code: ErrorCode; message: string }
  }
  /** Arrived and could not be decrypted; WhatsApp was asked to send it again. */
  'message.undecryptable': { id: string; chat: Address; sender: Address; timestamp: Date; reason: string }
  /** A message that could not be decrypted came again and was read: its `message.received` is the entry before. */
  'message.recovered': { id: string; chat: Address; sender: Address }
  /** One person's two addresses became known to belong together. */
  'identity.mapped': { lid: string; pn: string }
  /** A name of a contact became known, or the contact has another number now. */
  'contact.updated': { address: Address; pushName?: string }
  /**
   * A contact with whom there was a conversation under the number alone turned out to be the one with this LID: `merged` is no contact by
   * itself any more. Ids as in REST; the one that went is still found there.
   */
  'contact.merged': { id: string; address: Address; merged: { id: string; address: Address } }
  /** The contact asked for no more marketing, in a reply of one word. */
  'contact.optedOut': { address: Address; word: string; messageId: string }
  /** A person of the organisation took an opt-out back. */
  'contact.optedIn': { address: Address }
  /** The state of the account's protection changed, or WhatsApp did something that speaks of a ban. */
  'account.risk': {
    state: ProtectionState
    previous: ProtectionState
    score: number
    cause?: RiskCause
    message: string
    until?: Date
  }
  /** The account's phone was not heard of for twelve days, after fourteen WhatsApp ends the link; or it is back. */
  'account.phone': { state: 'away' | 'back'; lastSeenAt: Date; unlinksAt: Date }
}

/** Live: on Redis and on open streams only. */
export type LiveEvents = {
  /** A new QR to show; replaces the one before. */
  'pairing.qr': { qr: string; attempt: number; maxAttempts: number; expiresAt: Date }
  /** An eight-character code to type on the phone. */
  'pairing.code': { code: string; expiresAt: Date }
  /** WhatsApp asks for a passkey to finish the pairing, or the step moved on. */
  'pairing.passkey': { passkey: PasskeyStep }
  /** The contact is online, typing, recording or gone. */
  'presence.updated': {
    chat: Address
    sender: Address
    state: 'available' | 'unavailable' | 'composing' | 'recording' | 'paused'
    lastSeen?: Date
  }
}

export type EventMap = JournalEvents & LiveEvents
export type EventType = keyof EventMap
export type JournalEventType = keyof JournalEvents

const text = Joi.string()
const date = Joi.date()
const phone = Joi.string().pattern(/^\d{5,20}$/)
const address = Joi.object({ jid: text.required(), lid: text, pn: text, username: text })
const contactId = text.guid({ version: 'uuidv8' })
const account = Joi.object({
  jid: text.required(),
  phone: phone.required(),
  lid: text,
  pushName: text.allow(''),
})
const media = Joi.object({
  mimetype: text.required(),
  size: Joi.number().integer().min(0),
  sha256: text.hex().length(64),
  width: Joi.number().integer().min(0),
  height: Joi.number().integer().min(0),
  key: text,
})
const content = Joi.alternatives(
  Joi.object({ type: Joi.valid('text').required(), text: text.allow('').required() }),
  Joi.object({ type: Joi.valid('image').required(), caption: text.allow(''), media: media.required() }),
  Joi.object({ type: Joi.valid('unsupported').required(), kind: text.required() }),
)
const message = Joi.object({
  id: text.required(),
  chat: address.required(),
  sender: address.required(),
  fromMe: Joi.boolean().required(),
  timestamp: date.required(),
  pushName: text.allow(''),
  content: content.required(),
})
const failure = Joi.object({
  code: text.required(),
  whatsappCode: Joi.number(),
  message: text.required(),
  until: date,
})

/** What an event's `data` must look like; validated where events enter the API and in every producer's tests. */
export const EVENT_SCHEMAS: { readonly [T in EventType]: Joi.ObjectSchema } = {
  'session.status': Joi.object({
    phase: Joi.valid(...SESSION_PHASES).required(),
    reason: text,
    message: text.allow(''),
    account,
  }),
  'session.paired': Joi.object({ account: account.required() }),
  'session.loggedOut': Joi.object({ reason: text.required() }),
  'message.received': Joi.object({ message: message.required() }),
  'message.history': Joi.object({ message: message.required() }),
  'message.outgoing': Joi.object({ message: message.required() }),
  'message.status': Joi.object({
    id: text.required(),
    chat: address.required(),
    status: Joi.valid(...MESSAGE_STATUSES).required(),
    at: date.required(),
    error: failure,
  }),
  'message.waiting': Joi.object({
    id: text.required(),
    chat: address.required(),
    reason: Joi.valid(...WAITING_REASONS).required(),
    position: Joi.number().integer().min(1).required(),
    expectedAt: date,
  }),
  'message.media': Joi.object({
    id: text.required(),
    chat: address.required(),
    media: media.required(),
    error: failure,
  }),
  'message.undecryptable': Joi.object({
    id: text.required(),
    chat: address.required(),
    sender: address.required(),
    timestamp: date.required(),
    reason: text.required(),
  }),
  'message.recovered': Joi.object({
    id: text.required(),
    chat: address.required(),
    sender: address.required(),
  }),
  'identity.mapped': Joi.object({ lid: text.required(), pn: text.required() }),
  'contact.updated': Joi.object({ address: address.required(), pushName: text.allow('') }),
  'contact.merged': Joi.object({
    id: contactId.required(),
    address: address.required(),
    merged: Joi.object({ id: contactId.required(), address: address.required() }).required(),
  }),
  'contact.optedOut': Joi.object({
    address: address.required(),
    word: text.required(),
    messageId: text.required(),
  }),
  'contact.optedIn': Joi.object({ address: address.required() }),
  'account.risk': Joi.object({
    state: Joi.valid(...PROTECTION_STATES).required(),
    previous: Joi.valid(...PROTECTION_STATES).required(),
    score: Joi.number().min(0).max(100).required(),
    cause: Joi.valid(...RISK_CAUSES),
    message: text.required(),
    until: date,
  }),
  'account.phone': Joi.object({
    state: Joi.valid('away', 'back').required(),
    lastSeenAt: date.required(),
    unlinksAt: date.required(),
  }),
  'pairing.qr': Joi.object({
    qr: text.required(),
    attempt: Joi.number().integer().min(1).required(),
    maxAttempts: Joi.number().integer().min(1).required(),
    expiresAt: date.required(),
  }),
  'pairing.code': Joi.object({ code: text.required(), expiresAt: date.required() }),
  'pairing.passkey': Joi.object({
    passkey: Joi.object({
      id: text.required(),
      stage: Joi.valid(...PASSKEY_STAGES).required(),
      options: Joi.object().unknown(),
      confirmationCode: text,
      expiresAt: date.required(),
    }).required(),
  }),
  'presence.updated': Joi.object({
    chat: address.required(),
    sender: address.required(),
    state: Joi.valid('available', 'unavailable', 'composing', 'recording', 'paused').required(),
    lastSeen: date,
  }),
}

export const EVENT_TYPES = Object.keys(EVENT_SCHEMAS) as readonly EventType[]
