/** Moves what was filed under a number to the hidden id of the same person. Repeating it, also after a crash half-way, changes nothing. */
import { statusAdvances } from '@warren/contracts'
import { isDuplicateKey } from '@warren/runtime/mongo'
import type { ChatCollection } from '../modules/chats/index.ts'
import type { ContactCollection } from '../modules/contacts/index.ts'
import type { MessageCollection, MessageDoc } from '../modules/messages/index.ts'
import type { IncidentCollection } from '../modules/protection/index.ts'
import type { Scope } from './operations.ts'

export type ReadModels = {
  readonly messages: MessageCollection
  readonly chats: ChatCollection
  readonly contacts: ContactCollection
  readonly incidents: IncidentCollection
}

type Pair = { readonly pn: string; readonly lid: string }

export async function mergeIdentity(models: ReadModels, scope: Scope, pair: Pair): Promise<void> {
  await moveMessages(models.messages, scope, pair)
  await moveChat(models.chats, scope, pair)
  await moveContact(models.contacts, scope, pair)
}

async function moveMessages(messages: MessageCollection, scope: Scope, { pn, lid }: Pair): Promise<void> {
  const forms = (address: 'chatAddress' | 'senderAddress') => ({
    [`${address}.lid`]: lid,
    [`${address}.pn`]: pn,
  })
  try {
    await messages.bulk([
      {
        filter: { ...scope, chat: pn },
        update: { $set: { chat: lid, ...forms('chatAddress') } },
        many: true,
      },
      {
        filter: { ...scope, author: pn },
        update: { $set: { author: lid, ...forms('senderAddress') } },
        many: true,
      },
    ])
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    // The same message arrived under both addresses: one by one.
    const left = await messages.find({ ...scope, $or: [{ chat: pn }, { author: pn }] })
    for (const message of left) await moveMessage(messages, scope, message, { pn, lid })
  }
}

async function moveMessage(
  messages: MessageCollection,
  scope: Scope,
  message: MessageDoc,
  { pn, lid }: Pair,
) {
  const { id, fromMe } = message
  const here = { ...scope, id, fromMe, chat: message.chat, author: message.author }
  const chat = message.chat === pn ? lid : message.chat
  const author = message.author === pn ? lid : message.author
  const twin = await messages.findOne({ ...scope, id, fromMe, chat, author })
  if (!twin) {
    await messages.update(here, { $set: { chat, author } })
    return
  }
  await messages.update({ ...scope, id, fromMe, chat, author }, { $set: joined(twin, message) })
  await messages.remove(here)
}

/** What the one of two copies of a message knows better than the other. */
function joined(kept: MessageDoc, gone: MessageDoc): Partial<MessageDoc> {
  const { status, statusAt, error, content, timestamp, pushName, seq, stored, mediaError, mediaSeq, readAt } =
    gone
  const further = status && (kept.status === undefined || statusAdvances(kept.status, status))
  return defined({
    ...(further ? { status, statusAt, error } : {}),
    ...(seq > kept.seq ? { content, timestamp, pushName, seq } : {}),
    ...(mediaSeq > kept.mediaSeq ? { stored, mediaError, mediaSeq } : {}),
    ...(kept.readAt ? {} : { readAt }),
  })
}

function defined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>
}

async function moveChat(chats: ChatCollection, scope: Scope, { pn, lid }: Pair): Promise<void> {
  const old = await chats.findOne({ ...scope, jid: pn })
  await chats.update({ ...scope, jid: lid }, { $set: { pn, lid } })
  if (!old) return
  const { lastAt, lastSeq, last } = old
  const latest = { lastAt, lastSeq, ...(last ? { last } : {}) }
  const key = { ...scope, jid: lid }
  await chats.bulk([
    { filter: key, update: { $setOnInsert: { pn, lid, ...latest } }, upsert: true },
    {
      filter: { ...key, $or: [{ lastAt: { $lt: lastAt } }, { lastAt, lastSeq: { $lt: lastSeq } }] },
      update: { $set: latest },
    },
    { delete: { ...scope, jid: pn } },
  ])
}

async function moveContact(contacts: ContactCollection, scope: Scope, { pn, lid }: Pair): Promise<void> {
  const old = await contacts.findOne({ ...scope, jid: pn })
  await contacts.update({ ...scope, jid: lid }, { $set: { pn, lid } })
  if (!old) return
  const { pushName, nameSeq, optedOutAt = null, optOutSeq } = old
  const name = { nameSeq, ...(pushName === undefined ? {} : { pushName }) }
  const key = { ...scope, jid: lid }
  await contacts.bulk([
    { filter: key, update: { $setOnInsert: { pn, lid, ...name } }, upsert: true },
    { filter: { ...key, nameSeq: { $lt: nameSeq } }, update: { $set: name } },
    ...(optOutSeq === undefined
      ? []
      : [
          {
            filter: { ...key, $or: [{ optOutSeq: { $exists: false } }, { optOutSeq: { $lt: optOutSeq } }] },
            update: { $set: { optedOutAt, optOutSeq } },
          },
        ]),
    { delete: { ...scope, jid: pn } },
  ])
}
