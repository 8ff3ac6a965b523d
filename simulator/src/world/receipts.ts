import { type BinaryNode, child, children, firstChild, node } from '../protocol/node.ts'
import type { DeviceAddress } from './address.ts'
import type { StanzaClass } from './device-queue.ts'
import { jidOf, type Subscriber } from './directory.ts'
import { deliver } from './outbox.ts'
import { sendReceiptBack } from './phone-reactions.ts'
import type { Session } from './sessions.ts'
import { sendAgain } from './to-session.ts'
import type { World } from './world.ts'

const READ_TYPES = new Set(['read', 'read-self', 'played'])
/** Receipts that say nothing to the sender: of own copies, of peer messages, of an app in the background. */
const SILENT_TYPES = new Set(['sender', 'peer_msg', 'hist_sync', 'inactive', 'read-self', 'server-error'])

const addressOf = ({ subscriber, companion }: Session): DeviceAddress => ({
  number: subscriber.number,
  device: companion.device,
})

const idsOf = (receipt: BinaryNode): string[] => [
  receipt.attrs.id ?? '',
  ...children(firstChild(receipt), 'item').map(({ attrs }) => attrs.id ?? ''),
]

/** Removes the stanza from the queue and writes it down when it was a message. */
const clear = (
  world: World,
  session: Session,
  id: string,
  of: StanzaClass,
  by: 'receipt' | 'ack' | 'nack',
  type?: string,
) => {
  const stanza = session.companion.queue.acknowledge({ class: of, id, by, type })
  const entry = world.ledger.find(stanza?.ledgerSeq)
  if (entry?.direction !== 'toSession') return
  world.ledger.update(entry, (one) => (by === 'nack' ? one.nacked++ : one.acknowledged++))
}

/** The client could not open a message: a phone of ours seals it anew, another client is asked to. */
const receiveRetry = (world: World, session: Session, receipt: BinaryNode, author: Subscriber) => {
  const { id = '' } = receipt.attrs
  const entry = world.ledger.findTo(id, author.number, addressOf(session))
  if (!entry) return
  world.ledger.update(entry, (one) => one.retryRequests++)
  const count = Number(child(receipt, 'retry')?.attrs.count ?? 1)
  if (world.sentContents.has(entry.seq)) return sendAgain(world, entry, session.companion, count)

  for (const companion of author.companions.values()) {
    const to = world.ledger.findFrom(id, { number: author.number, device: companion.device }, entry.to.number)
    if (!to) continue
    const from = jidOf(session.subscriber, to.addressing, session.companion.device)
    const { content } = receipt
    deliver(world, author, companion, node('receipt', { ...receipt.attrs, to: undefined, from }, content))
  }
}

/** Tells the companions of another account what this client did with their message. */
const passOn = (world: World, session: Session, author: Subscriber, id: string, type: string | undefined) => {
  for (const { device } of author.companions.values()) {
    const entry = world.ledger.findFrom(id, { number: author.number, device }, session.subscriber.number)
    if (!entry) continue
    const kind = type === 'read' || type === 'played' ? type : 'delivery'
    sendReceiptBack(world, author, entry, session.subscriber, kind)
  }
}

/** A receipt from a client: clears the queue, reaches the author, and is acknowledged. */
export const receiveReceipt = (world: World, session: Session, receipt: BinaryNode): void => {
  const { id, to, type, participant, recipient } = receipt.attrs
  const author = world.directory.byJid(participant ?? to)?.subscriber
  for (const one of idsOf(receipt)) {
    if (type === 'retry') continue
    clear(world, session, one, 'message', 'receipt')
    if (!author) continue
    const entry = world.ledger.findTo(one, author.number, addressOf(session))
    if (entry && READ_TYPES.has(type ?? '')) world.ledger.update(entry, (kept) => kept.read++)
    if (!SILENT_TYPES.has(type ?? '')) passOn(world, session, author, one, type)
  }
  if (type === 'retry' && author) receiveRetry(world, session, receipt, author)
  session.send(node('ack', { class: 'receipt', id, from: to, type, participant, recipient }))
}

/** An ack from a client; with an error it is a refusal, which ends the delivery as well. */
export const receiveAck = (world: World, session: Session, { attrs }: BinaryNode): void => {
  const of = attrs.class
  if (of !== 'message' && of !== 'receipt' && of !== 'notification') return
  clear(world, session, attrs.id ?? '', of, attrs.error ? 'nack' : 'ack', attrs.type)
}
