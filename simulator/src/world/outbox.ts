import type { BinaryNode } from '@whiskeysockets/baileys'
import type { QueuedStanza } from './device-queue.ts'
import type { Companion, Subscriber } from './directory.ts'
import type { ToSession } from './ledger.ts'
import type { Session } from './sessions.ts'
import type { World } from './world.ts'

const transmit = (world: World, session: Session, stanza: QueuedStanza, node = stanza.node) => {
  if (!session.send(node)) return
  stanza.sent++
  const entry = world.ledger.find(stanza.ledgerSeq)
  if (entry?.direction === 'toSession') world.ledger.update(entry, (one) => one.sent++)
}

/** Puts a stanza into a companion's queue and, when it is connected, on the wire. */
export const deliver = (
  world: World,
  subscriber: Subscriber,
  companion: Companion,
  node: BinaryNode,
  entry?: ToSession,
): void => {
  const stanza = companion.queue.push(node, entry?.seq)
  if (entry) world.ledger.update(entry, (one) => one.queued++)
  const session = world.sessions.of(subscriber, companion.device)
  if (session?.active && !world.faults.effective(subscriber.number).deaf) transmit(world, session, stanza)
}

/** Opens the stream of a session that said `active`: everything kept for it first, marked `offline`, then the end mark. */
export const flushQueue = (world: World, session: Session): void => {
  const kept = session.companion.queue.pending()
  for (const [index, stanza] of kept.entries()) {
    const { tag, attrs, content } = stanza.node
    const node: BinaryNode = { tag, attrs: { ...attrs, offline: String(index) } }
    if (content !== undefined) node.content = content
    transmit(world, session, stanza, node)
  }
  session.active = true
  session.send({
    tag: 'ib',
    attrs: { from: 's.whatsapp.net' },
    content: [{ tag: 'offline', attrs: { count: String(kept.length) } }],
  })
}
