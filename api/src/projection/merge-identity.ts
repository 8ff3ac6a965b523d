/**
 * What a new pair of addresses means for what is there: rows under the number move to the LID, rows under the LID get the number, and
 * whoever had the number or was known by another one before does so no more. Repeating it, also after a crash half-way, changes nothing.
 */
import { isDuplicateKey } from '@warren/runtime/mongo'
import type { ChatCollection } from '../modules/chats/index.ts'
import type { ContactCollection, ContactMapping } from '../modules/contacts/index.ts'
import type { Pair } from '../modules/identities/index.ts'
import type { MessageCollection, MessageDoc } from '../modules/messages/index.ts'
import type { IncidentCollection } from '../modules/protection/index.ts'
import { joinMessages } from './join-messages.ts'
import type { Scope } from './operations.ts'

export type ReadModels = {
  readonly messages: MessageCollection
  readonly chats: ChatCollection
  readonly contacts: ContactCollection
  readonly incidents: IncidentCollection
}

export type Merge = Pair & {
  readonly mapping: ContactMapping
  /** Id of the contact under the LID. */
  readonly contact: string
}

export async function mergeIdentity(models: ReadModels, scope: Scope, merge: Merge): Promise<void> {
  await moveMessages(models.messages, scope, merge)
  await moveChat(models.chats, scope, merge)
  await moveContact(models.contacts, scope, merge)
}

const forms = (address: 'chatAddress' | 'senderAddress', { pn, lid }: Pair) => ({
  [`${address}.lid`]: lid,
  [`${address}.pn`]: pn,
})

async function moveMessages(messages: MessageCollection, scope: Scope, pair: Pair): Promise<void> {
  const { pn, lid } = pair
  const unnamed = { $exists: false }
  try {
    await messages.bulk([
      {
        filter: { ...scope, chat: pn },
        update: { $set: { chat: lid, ...forms('chatAddress', pair) } },
        many: true,
      },
      {
        filter: { ...scope, author: pn, fromMe: false },
        update: { $set: { author: lid, ...forms('senderAddress', pair) } },
        many: true,
      },
    ])
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    // The same message arrived under both addresses: one by one.
    const left = await messages.find({ ...scope, $or: [{ chat: pn }, { author: pn }] })
    for (const message of left) await moveMessage(messages, scope, message, pair)
  }
  await messages.bulk([
    {
      filter: { ...scope, chat: lid, 'chatAddress.pn': unnamed },
      update: { $set: forms('chatAddress', pair) },
      many: true,
    },
    {
      filter: { ...scope, author: lid, fromMe: false, 'senderAddress.pn': unnamed },
      update: { $set: forms('senderAddress', pair) },
      many: true,
    },
  ])
}

async function moveMessage(messages: MessageCollection, scope: Scope, message: MessageDoc, pair: Pair) {
  const { id, fromMe, chat, author } = message
  const { pn, lid } = pair
  const here = { id, ...scope, fromMe, chat, author }
  const there = { ...here, chat: chat === pn ? lid : chat, author: author === pn ? lid : author }
  const twin = await messages.findOne(there)
  const named = {
    ...(chat === pn ? forms('chatAddress', pair) : {}),
    ...(author === pn ? forms('senderAddress', pair) : {}),
  }
  if (!twin) {
    await messages.update(here, { $set: { chat: there.chat, author: there.author, ...named } })
    return
  }
  const { set, unset } = joinMessages(twin, message)
  const gone = Object.fromEntries(unset.map((field) => [field, '' as const]))
  await messages.update(there, { $set: set, $unset: gone })
  await messages.update(there, { $set: named })
  await messages.remove(here)
}

async function moveChat(chats: ChatCollection, scope: Scope, { pn, lid }: Merge): Promise<void> {
  const old = await chats.findOne({ ...scope, jid: pn })
  const key = { ...scope, jid: lid }
  await chats.bulk([
    // Numbers are given to others: a chat goes on under the LID alone then.
    { filter: { ...scope, pn, jid: { $nin: [pn, lid] } }, update: { $unset: { pn: '' } }, many: true },
    { filter: key, update: { $set: { pn, lid } } },
  ])
  if (!old) return
  const { lastAt, lastSeq, last } = old
  const latest = { lastAt, lastSeq, ...(last ? { last } : {}) }
  await chats.bulk([
    { filter: key, update: { $setOnInsert: { pn, lid, ...latest } }, upsert: true },
    {
      filter: { ...key, $or: [{ lastAt: { $lt: lastAt } }, { lastAt, lastSeq: { $lt: lastSeq } }] },
      update: { $set: latest },
    },
    { delete: { ...scope, jid: pn } },
  ])
}

async function moveContact(contacts: ContactCollection, scope: Scope, merge: Merge): Promise<void> {
  const { pn, lid, mapping, contact: id } = merge
  const old = await contacts.findOne({ ...scope, jid: pn })
  const key = { ...scope, jid: lid }
  await contacts.bulk([
    {
      filter: { ...scope, pn, jid: { $nin: [pn, lid] } },
      update: { $unset: { pn: '', mapping: '' } },
      many: true,
    },
    { filter: key, update: { $set: { pn, lid, mapping } } },
  ])
  if (!old) return
  const { pushName, nameSeq, username, usernameSeq, optedOutAt = null, optOutSeq } = old
  const name = { nameSeq, ...(pushName === undefined ? {} : { pushName }) }
  await contacts.bulk([
    { filter: key, update: { $setOnInsert: { id, pn, lid, mapping, ...name } }, upsert: true },
    { filter: { ...key, nameSeq: { $lt: nameSeq } }, update: { $set: name } },
    ...(usernameSeq === undefined || username === undefined
      ? []
      : [
          {
            filter: {
              ...key,
              $or: [{ usernameSeq: { $exists: false } }, { usernameSeq: { $lt: usernameSeq } }],
            },
            update: { $set: { username, usernameSeq } },
          },
        ]),
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
