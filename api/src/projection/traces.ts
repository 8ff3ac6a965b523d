/** Which addresses anything lies under: a list of contacts brings thousands of pairs of people of whom nothing is known. */
import type { ReadModels } from './merge-identity.ts'
import type { Scope } from './operations.ts'
import type { ParkedEntries } from './parked.ts'

export async function findTraces(
  { messages, chats, contacts }: ReadModels,
  parked: ParkedEntries,
  scope: Scope,
  addresses: readonly string[],
): Promise<ReadonlySet<string>> {
  const among = { $in: addresses }
  const [inChats, byAuthors, ofChats, ofContacts, waiting] = await Promise.all([
    messages.countBy('chat', { ...scope, chat: among }),
    messages.countBy('author', { ...scope, author: among, fromMe: false }),
    chats.find({ ...scope, jid: among }),
    contacts.find({ ...scope, jid: among }),
    parked.chats(scope, addresses),
  ])
  const rows = [...ofChats, ...ofContacts].map(({ jid }) => jid)
  return new Set([...inChats.keys(), ...byAuthors.keys(), ...rows, ...waiting])
}
