/** A message that a session writes to a group: each member opens it, and with it the author's sender key where it was handed out. */
import { proto, unpadRandomMax16 } from '@whiskeysockets/baileys'
import { type BinaryNode, bytesOf, child, children, node, seconds } from '../protocol/node.ts'
import { jidOf, type Subscriber } from './directory.ts'
import type { Outgoing } from './from-session.ts'
import type { Group } from './groups.ts'
import { noteOpenedBy } from './ledger.ts'
import { contentOf } from './media-content.ts'
import { deliver } from './outbox.ts'
import { askForRetry } from './phone-reactions.ts'
import type { CiphertextType } from './signal-device.ts'
import type { World } from './world.ts'

/** What one member is given: its own ciphertext (with the sender key, or a retry), and the one for all. */
interface Share {
  own: BinaryNode | undefined
  common: BinaryNode | undefined
}

const isCommon = (enc: BinaryNode) => enc.attrs.type === 'skmsg'

const sharesOf = (world: World, stanza: BinaryNode) => {
  const encs = children(stanza, 'enc')
  const common = encs.find(isCommon)
  // A retry is for one member alone, and in its own session.
  const alone = stanza.attrs.participant
  const envelopes = alone
    ? [{ jid: alone, enc: encs.find((enc) => !isCommon(enc)) }]
    : children(child(stanza, 'participants'), 'to').map((to) => ({
        jid: to.attrs.jid,
        enc: child(to, 'enc'),
      }))
  return {
    alone: alone ? world.directory.byJid(alone)?.subscriber : undefined,
    of(subscriber: Subscriber, device: number): Share {
      const own = envelopes.find(({ jid }) => {
        const found = world.directory.byJid(jid)
        return found?.subscriber === subscriber && found.device === device
      })
      return { own: own?.enc, common }
    },
  }
}

/** Opens on a phone what it is given. */
const openShare = async (
  world: World,
  { from, sender, entry }: Outgoing,
  group: Group,
  member: Subscriber,
  { own, common }: Share,
): Promise<proto.Message | undefined> => {
  const { behaviour, phone } = member
  if (member !== sender && behaviour.failDecrypts > 0) {
    behaviour.failDecrypts--
    return undefined
  }
  const decode = (plain: Uint8Array) => proto.Message.decode(unpadRandomMax16(plain))
  try {
    let message: proto.Message | undefined
    if (own) {
      message = decode(await phone.decrypt(from, own.attrs.type as CiphertextType, bytesOf(own)))
      const key = message.senderKeyDistributionMessage?.axolotlSenderKeyDistributionMessage
      if (key) await phone.groups.learn(group.jid, from, key)
    }
    return common ? decode(await phone.groups.open(group.jid, from, bytesOf(common))) : message
  } catch (error) {
    world.settings.log(`${member.number} cannot open ${entry.id} of ${group.jid}: ${String(error)}`)
    return undefined
  }
}

const openOnPhone = async (
  world: World,
  outgoing: Outgoing,
  group: Group,
  member: Subscriber,
  share: Share,
): Promise<void> => {
  const { entry, sender } = outgoing
  const message = await openShare(world, outgoing, group, member, share)
  if (!message) {
    world.ledger.update(entry, (one) => one.decryptFailures++)
    askForRetry(world, outgoing, member, group.jid)
    return
  }
  if (member === sender) {
    world.ledger.update(entry, (one) => one.ownCopies++)
    return
  }
  const content = contentOf(world, message)
  world.ledger.update(entry, (one) => noteOpenedBy(one, member.number, content))
  const { deliverAfterMs } = member.behaviour
  if (deliverAfterMs === null) return
  world.timers.after(deliverAfterMs, () => {
    const participant = jidOf(member, group.addressing)
    const receipt = node('receipt', { id: entry.id, from: group.jid, participant, t: seconds() })
    for (const companion of sender.companions.values()) deliver(world, sender, companion, receipt)
    world.ledger.update(entry, (one) => one.delivered++)
  })
}

/** Hands it on to a companion of a member. */
const relayTo = (
  world: World,
  { sender, from, stanza, entry }: Outgoing,
  group: Group,
  member: Subscriber,
  device: number,
  { own, common }: Share,
): void => {
  const companion = member.companions.get(device)
  const content = [own, common].filter((enc) => enc !== undefined)
  if (!companion || content.length === 0) return
  const copy = world.ledger.toSession({
    id: entry.id,
    from: sender.number,
    to: { number: member.number, device },
    addressing: group.addressing,
    partner: group.jid,
  })
  const identity = child(stanza, 'device-identity')
  const attrs = {
    ...memberAttrs(sender, group, from.device),
    id: entry.id,
    type: stanza.attrs.type,
    t: seconds(),
  }
  deliver(world, member, companion, node('message', attrs, identity ? [...content, identity] : content), copy)
}

/** How a stanza of a group names its author. */
export const memberAttrs = (author: Subscriber, { jid, addressing }: Group, device?: number) => {
  const alternate = addressing === 'pn' ? 'lid' : 'pn'
  return {
    from: jid,
    participant: jidOf(author, addressing, device),
    [`participant_${alternate}`]: jidOf(author, alternate, device),
    addressing_mode: addressing,
    notify: author.pushName,
  }
}

/** Brings a group's message to everyone in it but the device that wrote it. */
export const bringToGroup = (world: World, outgoing: Outgoing, group: Group): void => {
  const { from, stanza } = outgoing
  const shares = sharesOf(world, stanza)
  for (const number of group.members) {
    const member = world.directory.ensure(number)
    if (shares.alone && shares.alone !== member) continue
    world.timers.track(
      world.lane.run(() => openOnPhone(world, outgoing, group, member, shares.of(member, 0))),
    )
    for (const device of member.companions.keys()) {
      if (number === from.number && device === from.device) continue
      relayTo(world, outgoing, group, member, device, shares.of(member, device))
    }
  }
}
