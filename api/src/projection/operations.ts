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
import type { Filed } from '../modules/identities/index.ts'
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
    case 'message.history':
    case 'message.outgoing': {
      const { message } = entry.data
      const content = contentOperations(scope, entry, file)
      // Of the history only what is missing: what is known already was told better, as it has no media.
      operations.messages.push(...(entry.type === 'message.history' ? content.slice(0, 1) : content))
      operations.chats.push(...chatOperations(scope, message, file(message.chat, seq), seq))
      operations.contacts.push(...personOperations(scope, message, file, seq))
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
    case 'message.media':
      operations.messages.push(...followUpOperations(scope, entry, [file(entry.data.chat, seq).key]))
      return
    case 'message.waiting': {
      const { id, chat: _, ...waiting } = entry.data
      operations.messages.push({
        // Once it went on, what it waited for is history: repeated, the entry must find nothing then.
        filter: {
          id,
          ...scope,
          fromMe: true,
          queued: true,
          status: waiting.reason === 'unanswered' ? 'pending' : 'queued',
          seq: { $lt: seq },
          // Also where nothing was told before.
          'waiting.seq': { $not: { $gte: seq } },
        },
        update: { $set: { waiting: { ...waiting, since: entry.at, seq } } },
      })
      return
    }
    case 'contact.updated':
      operations.contacts.push(
        ...contactOperations(scope, entry.data.address, file, entry.data.pushName, seq),
      )
      return
    case 'contact.optedOut':
    case 'contact.optedIn':
      operations.contacts.push(
        ...optOutOperations(
          scope,
          entry.data.address,
          file,
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

/** What stands for a message that could not be read. */
export const UNDECRYPTABLE = { type: 'unsupported', kind: 'undecryptable' } as const satisfies MessageContent

function contentOperations(
  scope: Scope,
  entry: JournalEntry<'message.received' | 'message.history' | 'message.outgoing'>,
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
    ? { id, ...scope, fromMe, author, queued: true }
    : { id, ...scope, chat: chat.key, fromMe, author }
  const placed = queued ? { chat: chat.key } : {}
  const status = fromMe ? { status: queued ? 'queued' : 'sent', statusAt: timestamp, statusSeq: seq } : {}
  const first = { ...placed, ...latest, firstSeq: seq, mediaSeq: 0, ...status } as Partial<MessageDoc>
  return [
    { filter: key, update: { $setOnInsert: first }, upsert: true },
    { filter: { ...key, seq: { $lt: seq } }, update: { $set: { ...placed, ...latest } } },
  ]
}

/** The form in which it arrived, as replies to it are addressed by that, and both that are known. */
function addressOf({ jid }: Address, { told }: Filed): Address {
  return { jid, ...told }
}

/**
 * What an entry changes that follows a message, which is older than it: repeated, it must find none that came after it.
 * @param chats the addresses under one of which the message may lie
 * @param late whether it is applied after entries that follow it
 */
export function followUpOperations(
  scope: Scope,
  entry: JournalEntry<'message.status' | 'message.media'>,
  chats: readonly string[],
  late = false,
): BulkOperation<MessageDoc>[] {
  return entry.type === 'message.status'
    ? statusOperations(scope, entry, chats, late)
    : [mediaOperation(scope, entry, chats, late)]
}

function mediaOperation(
  scope: Scope,
  { data: { id, media, error }, seq }: JournalEntry<'message.media'>,
  chats: readonly string[],
  late: boolean,
): BulkOperation<MessageDoc> {
  return {
    filter: { id, ...scope, chat: { $in: chats }, ...olderThan(seq, late), mediaSeq: { $lt: seq } },
    update: {
      $set: { stored: media, mediaSeq: seq, ...(error ? { mediaError: error } : {}) },
      ...(error ? {} : { $unset: { mediaError: '' } }),
    },
    many: true,
  }
}

/** A message that was told once more since, and so has a later `seq`, was there all the same. */
function olderThan(seq: number, late: boolean) {
  return late ? { firstSeq: { $lt: seq } } : { seq: { $lt: seq } }
}

function statusOperations(
  scope: Scope,
  { data, seq }: JournalEntry<'message.status'>,
  chats: readonly string[],
  late: boolean,
): BulkOperation<MessageDoc>[] {
  const { id, status, at, error } = data
  const before = MESSAGE_STATUSES.filter((from) => statusAdvances(from, status))
  const own = { id, ...scope, fromMe: true, ...olderThan(seq, late) }
  // Ids of our queue are unique within the instance; others are only within their chat.
  const places = [
    { ...own, queued: true },
    { ...own, queued: { $ne: true }, chat: { $in: chats } },
  ]
  const told = { status, statusAt: at, statusSeq: seq, ...(error ? { error } : {}) }
  return places.flatMap((place) => [
    {
      filter: { ...place, status: { $in: before } },
      update: {
        $set: told,
        // Whatever held it back, it has moved on; a repetition of an older status does not match, and so takes nothing away.
        $unset: { waiting: '', ...(error ? {} : { error: '' }) },
      },
      many: true,
    },
    // Two told the same status: the first of them gives its time.
    ...(late
      ? [{ filter: { ...place, status, statusSeq: { $gt: seq } }, update: { $set: told }, many: true }]
      : []),
  ])
}

function chatOperations(scope: Scope, message: Message, chat: Filed, seq: number): BulkOperation<ChatDoc>[] {
  const { id, fromMe, timestamp, content } = message
  const preview = previewOf(content)
  const last = { id, fromMe, type: content.type, ...(preview === undefined ? {} : { preview }) }
  const latest = { lastAt: timestamp, lastSeq: seq, last }
  const key = { ...scope, jid: chat.key }
  return [
    { filter: key, update: { $setOnInsert: { ...chat.current, ...latest } }, upsert: true },
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

/** The author; of a message of the account, the person whom it is for. */
function personOperations(scope: Scope, message: Message, file: Filing, seq: number) {
  if (!message.fromMe) return contactOperations(scope, message.sender, file, message.pushName, seq)
  return contactOperations(scope, message.chat, file, undefined, seq)
}

function contactOperations(
  scope: Scope,
  address: Address,
  file: Filing,
  pushName: string | undefined,
  seq: number,
): BulkOperation<ContactDoc>[] {
  const { key: jid, contact: id, current, mapping } = file(address, seq)
  const { username } = address
  if (id === undefined) return []
  const key = { ...scope, jid }
  const known = { id, ...current, ...(mapping ? { mapping } : {}) }
  return [
    { filter: key, update: { $setOnInsert: { ...known, nameSeq: 0 } }, upsert: true },
    ...(pushName === undefined
      ? []
      : [{ filter: { ...key, nameSeq: { $lt: seq } }, update: { $set: { pushName, nameSeq: seq } } }]),
    ...(username === undefined
      ? []
      : [
          {
            filter: { ...key, ...unlessLater('usernameSeq', seq) },
            update: { $set: { username, usernameSeq: seq } },
          },
        ]),
  ]
}

/** Whether what is there is older than this, or nothing. */
function unlessLater(field: 'usernameSeq' | 'optOutSeq', seq: number) {
  return { $or: [{ [field]: { $exists: false } }, { [field]: { $lt: seq } }] }
}

function optOutOperations(
  scope: Scope,
  address: Address,
  file: Filing,
  optedOutAt: Date | null,
  seq: number,
): BulkOperation<ContactDoc>[] {
  const key = { ...scope, jid: file(address, seq).key }
  return [
    ...contactOperations(scope, address, file, undefined, seq),
    {
      filter: { ...key, ...unlessLater('optOutSeq', seq) },
      update: { $set: { optedOutAt, optOutSeq: seq } },
    },
  ]
}
