/** Applies journal entries to the read models, in order. */
import { type Address, canonicalJid, type JournalEntry } from '@warren/contracts'
import { type IdentityDoc, type IdentityRepo, keyAt } from '../modules/messages/index.ts'
import { mergeIdentity, type ReadModels } from './merge-identity.ts'
import { addOperations, type Filing, noOperations, type Scope } from './operations.ts'

export type ApplyEntries = (scope: Scope, entries: readonly JournalEntry[]) => Promise<void>

export function createApply(models: ReadModels, identities: IdentityRepo): ApplyEntries {
  return async (scope, entries) => {
    const numbers = [...new Set(entries.flatMap(addressesOf).flatMap(({ pn }) => pn ?? []))]
    const known = Map.groupBy(
      await identities.ofNumbers(scope.organization, scope.instance, numbers),
      (identity) => identity.pn,
    )
    const file = filing(known)
    let operations = noOperations()

    async function flush(): Promise<void> {
      const { messages, chats, contacts, incidents } = operations
      operations = noOperations()
      await models.messages.bulk(messages)
      await Promise.all([
        models.chats.bulk(chats),
        models.contacts.bulk(contacts),
        models.incidents.bulk(incidents),
      ])
    }

    /** Whatever came before is filed first, then moved. */
    async function learn(pn: string, lid: string, seq: number): Promise<void> {
      const mappings = known.get(pn) ?? []
      if (mappings.some((one) => one.lid === lid)) return
      await flush()
      const identity: IdentityDoc = { ...scope, pn, lid, seq }
      // Moved before it is remembered: after a crash in between the repetition moves it again.
      await mergeIdentity(models, scope, { pn, lid })
      await identities.learn(identity)
      known.set(pn, [...mappings, identity])
    }

    for (const entry of entries) {
      // An address with both forms tells the same as identity.mapped.
      for (const { pn, lid } of addressesOf(entry)) if (pn && lid) await learn(pn, lid, entry.seq)
      addOperations(operations, scope, entry, file)
    }
    await flush()
  }
}

function filing(known: ReadonlyMap<string, readonly IdentityDoc[]>): Filing {
  return (address, seq) => {
    const key = keyAt(address, (address.pn && known.get(address.pn)) || [], seq)
    const lid = address.lid ?? (key.endsWith('@lid') ? key : undefined)
    return {
      key,
      ...(lid === undefined ? {} : { lid }),
      ...(address.pn === undefined ? {} : { pn: address.pn }),
    }
  }
}

/** Every address in an entry that read models are keyed by. */
function addressesOf(entry: JournalEntry): Address[] {
  switch (entry.type) {
    case 'message.received':
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
      return [{ jid: canonicalJid({ jid: entry.data.lid }), ...entry.data }]
    default:
      return []
  }
}
