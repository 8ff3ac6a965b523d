/** Applies journal entries to the read models, in order. */
import { type Address, contactIdOf, type JournalEntry, parseJid, sessionKeyOf } from '@warren/contracts'
import {
  createFacts,
  type Facts,
  fileAddress,
  type IdentityDoc,
  type IdentityRepo,
  identityOf,
  type Pair,
} from '../modules/identities/index.ts'
import type { MessageDoc } from '../modules/messages/index.ts'
import { mergeIdentity, type ReadModels } from './merge-identity.ts'
import { addOperations, type Filing, followUpOperations, noOperations, type Scope } from './operations.ts'
import type { ParkableEntry, ParkedEntries } from './parked.ts'
import { findTraces } from './traces.ts'

export type ApplyEntries = (scope: Scope, entries: readonly JournalEntry[]) => Promise<void>

/** Addresses in new pairs of a batch from which on one look at what there is saves many. */
const WORTH_A_LOOK = 16

export function createApply(
  models: ReadModels,
  identities: IdentityRepo,
  parked: ParkedEntries,
): ApplyEntries {
  return async (scope, entries) => {
    const facts = await knownAbout(identities, scope, entries)
    const file: Filing = (address, seq) => {
      const filed = fileAddress(scope, facts, address, seq)
      used.add(filed.key)
      return filed
    }
    /** Keys that this batch has filed something under. */
    const used = new Set<string>()
    /** Addresses of pairs in this batch under which something lay before it; undefined where nobody looked. */
    const traces = await tracesOf(entries)
    /** Of people of whom there is nothing else. */
    let strangers: IdentityDoc[] = []
    let operations = noOperations()
    /** Named their chat by the only address that is known of it: perhaps their message lies under the other. */
    let unsure: ParkableEntry[] = []

    async function flush(): Promise<void> {
      const { messages, chats, contacts, incidents } = operations
      operations = noOperations()
      await models.messages.bulk(messages)
      await Promise.all([
        models.chats.bulk(chats),
        models.contacts.bulk(contacts),
        models.incidents.bulk(incidents),
      ])
      const followUps = unsure
      unsure = []
      await parkUnmatched(followUps)
    }

    async function parkUnmatched(followUps: readonly ParkableEntry[]): Promise<void> {
      if (followUps.length === 0) return
      const ids = [...new Set(followUps.map(({ data }) => data.id))]
      const found = Map.groupBy(await models.messages.find({ id: { $in: ids }, ...scope }), ({ id }) => id)
      const unmatched = followUps.flatMap((entry) => {
        const chat = file(entry.data.chat, entry.seq).key
        const mayBe = (message: MessageDoc) =>
          entry.type === 'message.media'
            ? message.chat === chat
            : message.fromMe && (message.queued || message.chat === chat)
        const matched = found
          .get(entry.data.id)
          ?.some((message) => (message.firstSeq ?? message.seq) < entry.seq && mayBe(message))
        return matched ? [] : [{ chat, entry }]
      })
      await parked.park(scope, unmatched)
    }

    async function tracesOf(entries: readonly JournalEntry[]): Promise<ReadonlySet<string> | undefined> {
      const told = entries.flatMap(({ type, data }) =>
        type === 'identity.mapped' ? [data.pn, data.lid] : [],
      )
      return told.length < WORTH_A_LOOK ? undefined : findTraces(models, parked, scope, told)
    }

    function isStranger({ pn, lid }: Pair, seq: number): boolean {
      if (facts.ofNumber(pn, seq) || facts.ofLid(lid, seq)) return false
      return traces !== undefined && ![pn, lid].some((form) => traces.has(form) || used.has(form))
    }

    async function learnStrangers(): Promise<void> {
      const learnt = strangers
      strangers = []
      await identities.learn(learnt)
    }

    /** Whatever came before is filed first, then moved. */
    async function learn(pair: Pair, entry: JournalEntry): Promise<void> {
      const { seq, at } = entry
      if (facts.knows(pair, seq)) return
      const source = entry.type === 'identity.mapped' ? 'whatsapp' : 'message'
      const identity = identityOf(scope, { ...pair, seq, source, at }, facts.owners(pair.pn))
      if (entry.type === 'identity.mapped' && isStranger(pair, seq)) {
        strangers.push(identity)
        facts.learn(identity)
        return
      }
      await learnStrangers()
      await flush()
      const both = [pair.pn, pair.lid]
      // By the rows as they were: a message that moves may seem to be younger than what followed it.
      const waiting = await parked.waiting(scope, both)
      await models.messages.bulk(waiting.flatMap((one) => followUpOperations(scope, one, both, true)))
      const contact = contactIdOf(sessionKeyOf(scope), pair.lid)
      await mergeIdentity(models, scope, { ...pair, mapping: { source, at }, contact })
      // Moved before it is remembered: after a crash in between the repetition moves it again.
      await identities.learn([identity], facts.learn(identity))
      await parked.clear(scope, both)
    }

    for (const entry of entries) {
      // An address with both forms tells the same as identity.mapped.
      for (const { pn, lid } of addressesOf(entry)) if (pn && lid) await learn({ pn, lid }, entry)
      addOperations(operations, scope, entry, file)
      if (isUnsure(entry, file)) unsure.push(entry)
    }
    await learnStrangers()
    await flush()
  }
}

async function knownAbout(
  identities: IdentityRepo,
  { organization, instance }: Scope,
  entries: readonly JournalEntry[],
): Promise<Facts<IdentityDoc>> {
  const addresses = entries.flatMap(addressesOf)
  const numbers = [...new Set(addresses.flatMap(({ pn }) => pn ?? []))]
  const lids = [...new Set(addresses.flatMap(({ lid }) => lid ?? []))]
  return createFacts(await identities.about(organization, instance, { numbers, lids }))
}

function isUnsure(entry: JournalEntry, file: Filing): entry is ParkableEntry {
  if (entry.type !== 'message.status' && entry.type !== 'message.media') return false
  const { key, told } = file(entry.data.chat, entry.seq)
  const kind = parseJid(key)?.kind
  return (kind === 'pn' || kind === 'lid') && (told.lid === undefined || told.pn === undefined)
}

/** Every address in an entry that read models are keyed by. */
function addressesOf(entry: JournalEntry): Address[] {
  switch (entry.type) {
    case 'message.received':
    case 'message.history':
    case 'message.outgoing':
      return [entry.data.message.chat, entry.data.message.sender]
    case 'message.undecryptable':
      return [entry.data.chat, entry.data.sender]
    case 'message.status':
    case 'message.waiting':
    case 'message.media':
      return [entry.data.chat]
    case 'contact.updated':
    case 'contact.optedOut':
    case 'contact.optedIn':
      return [entry.data.address]
    case 'identity.mapped':
      return [{ jid: entry.data.lid, ...entry.data }]
    default:
      return []
  }
}
