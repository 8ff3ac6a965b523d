import { type BinaryNode, node, seconds, uintBytes } from '../protocol/node.ts'
import { bundleNodes } from './bundles.ts'
import type { Content } from './content.ts'
import { jidOf, type Subscriber } from './directory.ts'
import type { Outgoing } from './from-session.ts'
import type { FromSession } from './ledger.ts'
import { deliver } from './outbox.ts'
import { sendFromPhone } from './to-session.ts'
import type { World } from './world.ts'

const MAX_RETRIES = 5

/** Sends a receipt about a message to every companion of its sender. */
export const sendReceiptBack = (
  world: World,
  sender: Subscriber,
  entry: FromSession,
  reader: Subscriber,
  type: 'delivery' | 'read' | 'played',
): void => {
  const receipt = node('receipt', {
    id: entry.id,
    from: jidOf(reader, entry.addressing),
    type: type === 'delivery' ? undefined : type,
    t: seconds(),
  })
  for (const companion of sender.companions.values()) deliver(world, sender, companion, receipt)
  world.ledger.update(entry, (one) => (type === 'delivery' ? one.delivered++ : one.read++))
}

/** What the recipient's phone does with a message it could open, by its behaviour. */
export const reactToMessage = (
  world: World,
  { sender, entry }: Outgoing,
  reader: Subscriber,
  content: Content,
): void => {
  const { deliverAfterMs, readAfterMs, echo } = reader.behaviour
  if (deliverAfterMs !== null) {
    world.timers.after(deliverAfterMs, () => {
      sendReceiptBack(world, sender, entry, reader, 'delivery')
      if (readAfterMs === null) return
      world.timers.after(readAfterMs, () => sendReceiptBack(world, sender, entry, reader, 'read'))
    })
  }
  if (echo && content.kind === 'text' && content.text !== undefined) {
    const { text } = content
    const { addressing } = entry
    world.timers.after(0, () => sendFromPhone(world, reader, sender, { text, addressing }))
  }
}

/** A phone that cannot open a message asks its sender for it again; from the second time on with keys of its own. */
export const askForRetry = (
  world: World,
  outgoing: Outgoing,
  phoneOwner: Subscriber,
  group?: string,
): void => {
  const { sender, from, entry, addressing, stanza } = outgoing
  if (entry.retryRequests >= MAX_RETRIES) return
  const companion = sender.companions.get(from.device)
  if (!companion) return
  world.ledger.update(entry, (one) => one.retryRequests++)
  const count = entry.retryRequests
  const content: BinaryNode[] = [
    node('retry', { count: String(count), id: entry.id, t: seconds(), v: '1' }),
    node('registration', {}, uintBytes(phoneOwner.phone.registrationId, 4)),
  ]
  if (count > 1) content.push(node('keys', {}, bundleNodes(phoneOwner.phone.bundle())))
  const receipt = node(
    'receipt',
    {
      id: entry.id,
      from: group ?? jidOf(phoneOwner, addressing),
      participant: group && jidOf(phoneOwner, addressing),
      // The own phone must say which chat the message belongs to.
      recipient: phoneOwner === sender ? (stanza.attrs.recipient ?? stanza.attrs.to) : undefined,
      type: 'retry',
      t: seconds(),
    },
    content,
  )
  deliver(world, sender, companion, receipt)
}
