import type { EventMap } from '@warren/contracts'
import type { AddressBook } from './addresses.ts'
import type { BinaryNode } from './baileys.ts'

/** A presence or typing notice; undefined for what says nothing about a person. */
export function readPresence(
  stanza: BinaryNode,
  addresses: AddressBook,
): EventMap['presence.updated'] | undefined {
  const { from, participant, type, last } = stanza.attrs
  if (!from) return undefined
  const chat = addresses.complete(from)
  const sender = addresses.complete(participant ?? from)
  if (stanza.tag === 'presence') {
    const seconds = Number(last)
    const seen = seconds > 0 ? { lastSeen: new Date(seconds * 1000) } : {}
    return { chat, sender, state: type === 'unavailable' ? 'unavailable' : 'available', ...seen }
  }
  const [notice] = Array.isArray(stanza.content) ? stanza.content : []
  if (notice?.tag === 'paused') return { chat, sender, state: 'paused' }
  if (notice?.tag !== 'composing') return undefined
  return { chat, sender, state: notice.attrs.media === 'audio' ? 'recording' : 'composing' }
}
