import { generateParticipantHashV2, proto, unpadRandomMax16 } from '@whiskeysockets/baileys'
import { type BinaryNode, bytesOf, child, children, node, seconds } from '../protocol/node.ts'
import type { Addressing, DeviceAddress } from './address.ts'
import { jidOf, type Subscriber } from './directory.ts'
import { bringToGroup } from './group-from-session.ts'
import { type FromSession, noteOpened } from './ledger.ts'
import { contentOf } from './media-content.ts'
import { askForRetry, reactToMessage } from './phone-reactions.ts'
import { describeCopies, relay } from './relay.ts'
import { isRefusedBeginning, MAY_NOT_BEGIN } from './restrictions.ts'
import type { Session } from './sessions.ts'
import type { CiphertextType } from './signal-device.ts'
import type { World } from './world.ts'

/** A message on its way from one companion to the devices it names. */
export interface Outgoing {
  sender: Subscriber
  from: DeviceAddress
  stanza: BinaryNode
  entry: FromSession
  /** How the stanza names its recipient; what comes back uses the same form. */
  addressing: Addressing
}

interface Envelope {
  jid: string
  enc: BinaryNode
}

/** The ciphertexts of a stanza: one for each device, or a single one for the device it is addressed to. */
const envelopes = (stanza: BinaryNode): Envelope[] => {
  const direct = child(stanza, 'enc')
  if (direct) return [{ jid: stanza.attrs.to ?? '', enc: direct }]
  return children(child(stanza, 'participants'), 'to').flatMap((to) => {
    const enc = child(to, 'enc')
    return enc ? [{ jid: to.attrs.jid ?? '', enc }] : []
  })
}

/** The chat of a stanza: retries to an own device name it in `recipient`. */
const chatOf = ({ attrs }: BinaryNode): string => attrs.recipient ?? attrs.to ?? ''

/** The message inside a ciphertext; undefined when the phone cannot open it, or was told not to. */
const openCiphertext = async (
  world: World,
  { from, sender, entry }: Outgoing,
  owner: Subscriber,
  enc: BinaryNode,
): Promise<proto.Message | undefined> => {
  const { behaviour, phone, number } = owner
  if (owner !== sender && behaviour.failDecrypts > 0) {
    behaviour.failDecrypts--
    return undefined
  }
  try {
    const plain = await phone.decrypt(from, enc.attrs.type as CiphertextType, bytesOf(enc))
    return proto.Message.decode(unpadRandomMax16(plain))
  } catch (error) {
    world.settings.log(`${number} cannot open ${entry.id}: ${String(error)}`)
    return undefined
  }
}

/** Opens a ciphertext on a phone of the simulator and lets the phone react. */
const openOnPhone = async (
  world: World,
  outgoing: Outgoing,
  owner: Subscriber,
  enc: BinaryNode,
): Promise<void> => {
  const { entry, sender } = outgoing
  const message = await openCiphertext(world, outgoing, owner, enc)
  if (!message) {
    world.ledger.update(entry, (one) => one.decryptFailures++)
    askForRetry(world, outgoing, owner)
  } else if (owner === sender) {
    const { kind } = contentOf(world, message.deviceSentMessage?.message ?? message)
    world.ledger.update(entry, (one) => {
      one.ownCopies++
      one.kind ??= kind
    })
  } else {
    const content = contentOf(world, message)
    world.ledger.update(entry, (one) => noteOpened(one, content))
    describeCopies(world, outgoing, content)
    reactToMessage(world, outgoing, owner, content)
  }
}

/**
 * WhatsApp tells a sender whose list of devices is out of date: by a hash of the devices that it knows. Undefined when none of them is
 * missing, and for what is not for a person, or for one device alone.
 */
const hashOfMissed = (world: World, session: Session, stanza: BinaryNode): string | undefined => {
  const to = world.directory.byJid(stanza.attrs.to)
  const given = children(child(stanza, 'participants'), 'to').map(({ attrs }) => attrs.jid ?? '')
  if (!to || given.length === 0) return undefined
  const { subscriber: sender, companion } = session
  const devicesOf = (subscriber: Subscriber) =>
    [0, ...subscriber.companions.keys()].map((device) => jidOf(subscriber, to.addressing, device))
  const own = jidOf(sender, to.addressing, companion.device)
  const known = new Set([...devicesOf(to.subscriber), ...devicesOf(sender)])
  known.delete(own)
  const reached = new Set(given)
  return [...known].every((jid) => reached.has(jid)) ? undefined : generateParticipantHashV2([...known])
}

const acknowledge = (world: World, session: Session, stanza: BinaryNode, entry: FromSession): boolean => {
  const account = session.subscriber.number
  const refusal =
    world.faults.take('ackError', account) ??
    (isRefusedBeginning(world, session.subscriber, entry.to) ? { code: MAY_NOT_BEGIN } : undefined)
  const { id, to } = stanza.attrs
  const ack = node('ack', {
    class: 'message',
    id,
    from: to,
    t: seconds(),
    error: refusal && String(refusal.code),
    phash: refusal ? undefined : hashOfMissed(world, session, stanza),
  })
  if (refusal || !world.faults.effective(account).withholdAcks) {
    if (session.send(ack)) world.ledger.update(entry, (one) => (refusal ? one.refused++ : one.acked++))
  }
  return refusal === undefined
}

/** Who is not in a group may not write to it. */
const refuse = (world: World, session: Session, { attrs }: BinaryNode, entry: FromSession): void => {
  const { id, to } = attrs
  const ack = node('ack', { class: 'message', id, from: to, t: seconds(), error: '403' })
  if (session.send(ack)) world.ledger.update(entry, (one) => one.refused++)
}

/** Takes a message from a session: ledger first, then the ack, then everyone it is for. */
export const acceptMessage = (world: World, session: Session, stanza: BinaryNode): void => {
  const { subscriber: sender, companion } = session
  const from = { number: sender.number, device: companion.device }
  const chat = world.directory.byJid(chatOf(stanza))
  const group = world.groups.find(chatOf(stanza))
  const addressing = group?.addressing ?? chat?.addressing ?? 'pn'
  const to = chat?.subscriber.number ?? chatOf(stanza)
  const entry = world.ledger.fromSession({ id: stanza.attrs.id ?? '', from, to, addressing })
  world.ledger.update(entry, (one) => one.attempts++)
  if (group && !group.members.includes(sender.number)) {
    refuse(world, session, stanza, entry)
    return
  }
  if (!acknowledge(world, session, stanza, entry)) return

  const outgoing: Outgoing = { sender, from, stanza, entry, addressing }
  if (group) {
    bringToGroup(world, outgoing, group)
    return
  }
  for (const { jid, enc } of envelopes(stanza)) {
    const target = world.directory.byJid(jid)
    if (!target) continue
    const isSender = target.subscriber === sender && target.device === companion.device
    if (isSender) continue
    if (target.device > 0) relay(world, outgoing, target.subscriber, target.device, enc)
    else world.timers.track(world.lane.run(() => openOnPhone(world, outgoing, target.subscriber, enc)))
  }
}
