import { type BinaryNode, child, node, seconds } from '../protocol/node.ts'
import type { Content } from './content.ts'
import { jidOf, type Subscriber } from './directory.ts'
import type { Outgoing } from './from-session.ts'
import { deliver } from './outbox.ts'
import type { World } from './world.ts'

/**
 * Hands a ciphertext on to another companion: of the recipient, or of the sender as a copy of an own message. The server
 * cannot read it; {@link describeCopies} fills the ledger in when a phone could.
 */
export const relay = (
  world: World,
  { sender, from, stanza, entry, addressing }: Outgoing,
  owner: Subscriber,
  device: number,
  enc: BinaryNode,
): void => {
  const companion = owner.companions.get(device)
  if (!companion) return
  const isOwn = owner === sender
  const copy = world.ledger.toSession({
    id: entry.id,
    from: sender.number,
    to: { number: owner.number, device },
    addressing,
    partner: isOwn ? entry.to : undefined,
  })
  const alternate = addressing === 'pn' ? 'lid' : 'pn'
  const partner = isOwn ? world.directory.find(entry.to) : undefined
  const identity = child(stanza, 'device-identity')
  const attrs = {
    from: jidOf(sender, addressing, from.device),
    id: entry.id,
    type: stanza.attrs.type,
    t: seconds(),
    notify: sender.pushName,
    category: stanza.attrs.category,
    addressing_mode: addressing === 'lid' ? 'lid' : undefined,
    // For a copy of an own message the other form is the partner's: the sender's own would poison LID mappings.
    ...(partner
      ? {
          recipient: jidOf(partner, addressing),
          [`peer_recipient_${alternate}`]: jidOf(partner, alternate),
        }
      : { [`sender_${alternate}`]: jidOf(sender, alternate) }),
  }
  deliver(world, owner, companion, node('message', attrs, identity ? [enc, identity] : [enc]), copy)
}

/** Notes what a message says in the entries of the companions that got it. */
export const describeCopies = (world: World, { entry, sender }: Outgoing, content: Content): void => {
  for (const number of [entry.to, sender.number]) {
    for (const device of world.directory.find(number)?.companions.keys() ?? []) {
      const copy = world.ledger.findTo(entry.id, sender.number, { number, device })
      if (copy) world.ledger.update(copy, (one) => Object.assign(one, content))
    }
  }
}
