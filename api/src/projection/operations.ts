/**
 * What a journal entry means for the read models: pure. Every operation may be applied again, alone or with its neighbours, and changes
 * nothing then. Inserts write what is missing; content is replaced only by a later entry; a status only moves forward.
 */
import {
  type Address,
  type InstanceId,
  type JournalEntry,
  MESSAGE_STATUSES,
  type Message,
  type MessageContent,
  statusAdvances,
} from '@warren/contracts'
import type { ChatDoc } from '../modules/chats/index.ts'
import type { ContactDoc } from '../modules/contacts/index.ts'
import { authorOf, type MessageDoc } from '../modules/messages/index.ts'
import type { IncidentDoc } from '../modules/protection/index.ts'
import type { BulkOperation } from '../platform/index.ts'

export type Operations = {
  readonly messages: BulkOperation<MessageDoc>[]
  readonly chats: BulkOperation<ChatDoc>[]
  readonly contacts: BulkOperation<ContactDoc>[]
  readonly incidents: BulkOperation<IncidentDoc>[]
}

export type Scope = { readonly organization: string; readonly instance: InstanceId }

/** Files an address under its key, with all forms of it that are known. */
export type Filing = (address: Address, seq: number) => Filed
export type Filed = { readonly key: string; readonly lid?: string; readonly pn?: string }

export const noOperations = (): Operations => ({
  messages: [],
  chats: [],
  contacts: [],
  incidents: [],
})

const PREVIEW_CHARACTERS = 100

/** Adds what the entry means to `operations`. */
export function addOperations(operations: Operations, scope: Scope, entry: JournalEntry, file: Filing): void {
  const { seq } = entry
  switch (entry.type) {
    case 'message.received':
    case 'message.outgoing': {
      const { message } = entry.data
      operations.messages.push(...contentOperations(scope, entry, file))
      operations.chats.push(...chatOperations(scope, message, file(message.chat, seq), seq))
      operations.contacts.push(...senderOperations(scope, message, file(message.sender, seq), seq))
      return
    }
    case 'message.undecryptable': {
      const { reason: _, ...known } = entry.data
      const message: Message = { ...known, fromMe: false, content: UNDECRYPTABLE }
      // Only in place of nothing: what is decrypted later replaces it, and it never replaces that.
      operations.messages.push(
        ...contentOperations(scope, { ...entry, type: 'message.received', data: { message } }, file).slice(
          0,
          1,
        ),
      )
      operations.chats.push(...chatOperations(scope, message, file(message.chat, seq), seq))
      return
    }
    case 'message.status':
      operations.messages.push(statusOperation(scope, entry, file))
      return
    case 'message.waiting': {
      const { id, chat: _, ...waiting } = entry.data
      operations.messages.push({
        // Once it went on, what it waited for is history: repeated, the entry must find nothing then.
        filter: {
          ...scope,
          id,
          fromMe: true,
          queued: true,
          status: waiting.reason === 'unanswered' ? 'pending' : 'queued',
          seq: { $lt: seq },
          $or: [{ waiting: { $exists: false } }, { 'waiting.seq': { $lt: seq } }],
        },
        update: { $set: { waiting: { ...waiting, since: entry.at, seq } } },
      })
      return
    }
    case 'message.media': {
      const { id, chat, media, error } = entry.data
      operations.messages.push({
        // Of a message that is older than this entry: repeated, it must not find one that came after it.
        filter: { ...scope, id, chat: file(chat, seq).key, seq: { $lt: seq }, mediaSeq: { $lt: seq } },
        update: {
          $set: { stored: media, mediaSeq: seq, ...(error ? { mediaError: error } : {}) },
          ...(error ? {} : { $unset: { mediaError: '' } }),
        },
        many: true,
      })
      return
    }
    case 'contact.updated':
      operations.contacts.push(
        ...contactOperations(scope, file(entry.data.address, seq), entry.data.pushName, seq),
      )
      return
    case 'contact.optedOut':
    case 'contact.optedIn':
      operations.contacts.push(
        ...optOutOperations(
          scope,
          file(entry.data.address, seq),
          entry.type === 'contact.optedOut' ? entry.at : null,
          seq,
        ),
      )
      return
    case 'account.risk':
      operations.incidents.push({
        filter: { ...scope, seq },
        update: { $setOnInsert: { at: entry.at, ...entry.data } },
        upsert: true,
      })
      return
    default:
    // The session's own events are no part of these read models; identities are merged before (apply.ts).
  }
}

const UNDECRYPTABLE: MessageContent = { type: 'unsupported', kind: 'undecryptable' }

function contentOperations(
  scope: Scope,
  entry: JournalEntry<'message.received' | 'message.outgoing'>,
  file: Filing,
): BulkOperation<MessageDoc>[] {
  const { seq } = entry
  const { message } = entry.data
  const { id, fromMe, timestamp, pushName, content } = message
  const chat = file(message.chat, seq)
  const author = authorOf(message, file(message.sender, seq).key)
  const latest = {
    chatAddress: addressOf(message.chat, chat),
    senderAddress: addressOf(message.sender, file(message.sender, seq)),
    timestamp,
    content,
    ...(pushName === undefined ? {} : { pushName }),
    seq,
  }
  const queued = entry.type === 'message.outgoing'
  // Ids of our queue are unique within the instance; the chat may have got another key since the message was accepted.
  const key = queued
    ? { ...scope, id, fromMe, author, queued: true }
    : { ...scope, chat: chat.key, id, fromMe, author }
  const placed = queued ? { chat: chat.key } : {}
  const status = fromMe ? { status: queued ? 'queued' : 'sent', statusAt: timestamp } : {}
  const first = { ...placed, ...latest, mediaSeq: 0, ...status } as Partial<MessageDoc>
  return [
    { filter: key, update: { $setOnInsert: first }, upsert: true },
    { filter: { ...key, seq: { $lt: seq } }, update: { $set: { ...placed, ...latest } } },
  ]
}

function addressOf(arrived: Address, { lid, pn }: Filed): Address {
  return { jid: arrived.jid, ...(lid === undefined ? {} : { lid }), ...(pn === undefined ? {} : { pn }) }
}

function statusOperation(
  scope: Scope,
  { data, seq }: JournalEntry<'message.status'>,
  file: Filing,
): BulkOperation<MessageDoc> {
  const { id, chat, status, at, error } = data
  const before = MESSAGE_STATUSES.filter((from) => statusAdvances(from, status))
  return {
    filter: {
      ...scope,
      id,
      fromMe: true,
      status: { $in: before },
      seq: { $lt: seq },
      $or: [{ queued: true }, { chat: file(chat, seq).key }],
    },
    update: {
      $set: { status, statusAt: at, ...(error ? { error } : {}) },
      // Whatever held it back, it has moved on; a repetition of an older status does not match, and so takes nothing away.
      $unset: { waiting: '', ...(error ? {} : { error: '' }) },
    },
    many: true,
  }
}

function chatOperations(scope: Scope, message: Message, chat: Filed, seq: number): BulkOperation<ChatDoc>[] {
  const { id, fromMe, timestamp, content } = message
  const preview = previewOf(content)
  const last = { id, fromMe, type: content.type, ...(preview === undefined ? {} : { preview }) }
  const latest = { lastAt: timestamp, lastSeq: seq, last }
  const key = { ...scope, jid: chat.key }
  return [
    { filter: key, update: { $setOnInsert: { ...formsOf(chat), ...latest } }, upsert: true },
    {
      filter: { ...key, $or: [{ lastAt: { $lt: timestamp } }, { lastAt: timestamp, lastSeq: { $lt: seq } }] },
      update: { $set: latest },
    },
  ]
}

function previewOf(content: MessageContent): string | undefined {
  const text = content.type === 'text' ? content.text : content.type === 'image' ? content.caption : undefined
  return text === undefined ? undefined : [...text].slice(0, PREVIEW_CHARACTERS).join('')
}

function senderOperations(scope: Scope, message: Message, sender: Filed, seq: number) {
  return message.fromMe ? [] : contactOperations(scope, sender, message.pushName, seq)
}

function contactOperations(
  scope: Scope,
  person: Filed,
  pushName: string | undefined,
  seq: number,
): BulkOperation<ContactDoc>[] {
  const key = { ...scope, jid: person.key }
  const first = { filter: key, update: { $setOnInsert: { ...formsOf(person), nameSeq: 0 } }, upsert: true }
  if (pushName === undefined) return [first]
  return [first, { filter: { ...key, nameSeq: { $lt: seq } }, update: { $set: { pushName, nameSeq: seq } } }]
}

function optOutOperations(
  scope: Scope,
  person: Filed,
  optedOutAt: Date | null,
  seq: number,
): BulkOperation<ContactDoc>[] {
  const key = { ...scope, jid: person.key }
  return [
    ...contactOperations(scope, person, undefined, seq),
    {
      filter: { ...key, $or: [{ optOutSeq: { $exists: false } }, { optOutSeq: { $lt: seq } }] },
      update: { $set: { optedOutAt, optOutSeq: seq } },
    },
  ]
}

function formsOf({ lid, pn }: Filed) {
  return { ...(lid === undefined ? {} : { lid }), ...(pn === undefined ? {} : { pn }) }
}
