import type { BinaryNode } from '@whiskeysockets/baileys'

/** The stanza classes that WhatsApp keeps until the device has acknowledged them. */
export type StanzaClass = 'message' | 'receipt' | 'notification'

export interface QueuedStanza {
  /** Position in this queue; stanzas are sent and sent again in this order. */
  position: number
  node: BinaryNode
  /** How often it was written to a connection. */
  sent: number
  /** Which message of the ledger it carries, if it is a message. */
  ledgerSeq?: number | undefined
}

/** What a device says about a stanza: a receipt, an ack, or an ack with an error ("nack"). */
export interface Acknowledgement {
  class: StanzaClass
  id: string
  type?: string | undefined
  by: 'receipt' | 'ack' | 'nack'
}

/** The stanzas one companion has not acknowledged yet, oldest first. */
export interface DeviceQueue {
  push(node: BinaryNode, ledgerSeq?: number): QueuedStanza
  /** Removes the oldest stanza it answers that was already sent; undefined when there is none. */
  acknowledge(acknowledgement: Acknowledgement): QueuedStanza | undefined
  pending(): QueuedStanza[]
  size(): number
  clear(): void
}

const stanzaKey = (stanzaClass: string, id: string, type: string | undefined): string =>
  // A message is answered by id alone: the type of the answer says how, not which.
  stanzaClass === 'message' ? `message ${id}` : `${stanzaClass} ${id} ${type ?? ''}`

const keyOf = ({ tag, attrs }: BinaryNode): string => stanzaKey(tag, attrs.id ?? '', attrs.type)

/** A bare ack leaves the copy of an own message in place: only `receipt type=sender` or a nack clears it. */
const clears = (stanza: QueuedStanza, acknowledgement: Acknowledgement): boolean =>
  acknowledgement.by !== 'ack' || stanza.node.tag !== 'message' || !stanza.node.attrs.recipient

export const createDeviceQueue = (): DeviceQueue => {
  const stanzas = new Map<number, QueuedStanza>()
  const byKey = new Map<string, QueuedStanza[]>()
  let nextPosition = 1

  return {
    push(node, ledgerSeq) {
      const stanza: QueuedStanza = { position: nextPosition++, node, sent: 0, ledgerSeq }
      stanzas.set(stanza.position, stanza)
      const key = keyOf(node)
      const same = byKey.get(key)
      if (same) same.push(stanza)
      else byKey.set(key, [stanza])
      return stanza
    },
    acknowledge(acknowledgement) {
      const key = stanzaKey(acknowledgement.class, acknowledgement.id, acknowledgement.type)
      const same = byKey.get(key)
      const index = same?.findIndex((stanza) => stanza.sent > 0 && clears(stanza, acknowledgement)) ?? -1
      const stanza = same?.[index]
      if (!same || !stanza) return undefined
      same.splice(index, 1)
      if (same.length === 0) byKey.delete(key)
      stanzas.delete(stanza.position)
      return stanza
    },
    pending: () => [...stanzas.values()],
    size: () => stanzas.size,
    clear() {
      stanzas.clear()
      byKey.clear()
    },
  }
}
