import { proto, unpadRandomMax16 } from '@whiskeysockets/baileys'
import { type BinaryNode, bytesOf, child, children, node, seconds } from '../protocol/node.ts'
import { type Addressing, type DeviceAddress, parseJid } from './address.ts'
import type { Content } from './content.ts'
import { jidOf, type Subscriber } from './directory.ts'
import { type FromSession, noteOpened } from './ledger.ts'
import { contentOf } from './media-content.ts'
import { deliver } from './outbox.ts'
import { askForRetry, reactToMessage } from './phone-reactions.ts'
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

/** Companions get ciphertexts that the server cannot read; the phone's copy tells what they say. */
const describeCopies = (world: World, { entry, sender }: Outgoing, content: Content) => {
  for (const number of [entry.to, sender.number]) {
    for (const device of world.directory.find(number)?.companions.keys() ?? []) {
      const copy = world.ledger.findTo(entry.id, sender.number, { number, device })
      if (copy) world.ledger.update(copy, (one) => Object.assign(one, content))
    }
  }
}

/** Opens a ciphertext on a phone of the simulator and lets the phone react. */
const openOnPhone = async (world: World, outgoing: Outgoing, phoneOwner: Subscriber, enc: BinaryNode) => {
  const { entry, from, sender } = outgoing
  const isOwn = phoneOwner === sender
  try {
    if (!isOwn && phoneOwner.behaviour.failDecrypts > 0) {
      phoneOwner.behaviour.failDecrypts--
      throw new Error('told to fail')
    }
    const plain = await phoneOwner.phone.decrypt(from, enc.attrs.type as CiphertextType, bytesOf(enc))
    const message = proto.Message.decode(unpadRandomMax16(plain))
    if (isOwn) {
      world.ledger.update(entry, (one) => {
        one.ownCopies++
        one.kind ??= contentOf(world, message.deviceSentMessage?.message ?? message).kind
      })
      return
    }
    const content = contentOf(world, message)
    world.ledger.update(entry, (one) => noteOpened(one, content))
    describeCopies(world, outgoing, content)
    reactToMessage(world, outgoing, phoneOwner, content)
  } catch (error) {
    world.settings.log(`${phoneOwner.number} cannot open ${entry.id}: ${String(error)}`)
    world.ledger.update(entry, (one) => one.decryptFailures++)
    askForRetry(world, outgoing, phoneOwner)
  }
}

/** Hands a ciphertext on to a companion: of the recipient, or of the sender as a copy of an own message. */
const relay = (world: World, outgoing: Outgoing, owner: Subscriber, device: number, enc: BinaryNode) => {
  const companion = owner.companions.get(device)
  if (!companion) return
  const { sender, from, stanza, entry } = outgoing
  const to = { number: owner.number, device }
  const isOwn = owner === sender
  const copy = world.ledger.toSession({
    id: entry.id,
    from: sender.number,
    to,
    addressing: outgoing.addressing,
    partner: isOwn ? entry.to : undefined,
  })
  const chat = parseJid(chatOf(stanza))
  const addressing = outgoing.addressing
  const partner = world.directory.byJid(chatOf(stanza))?.subscriber
  const identity = child(stanza, 'device-identity')
  const alternate = addressing === 'pn' ? 'lid' : 'pn'
  const forwarded = node(
    'message',
    {
      from: jidOf(sender, addressing, from.device),
      id: entry.id,
      type: stanza.attrs.type,
      t: seconds(),
      notify: sender.pushName,
      category: stanza.attrs.category,
      addressing_mode: addressing === 'lid' ? 'lid' : undefined,
      // For a copy of an own message the other form is the partner's: the sender's own would poison LID mappings.
      ...(isOwn
        ? {
            recipient: chat && chatOf(stanza),
            [`peer_recipient_${alternate}`]: partner && jidOf(partner, alternate),
          }
        : { [`sender_${alternate}`]: jidOf(sender, alternate) }),
    },
    identity ? [enc, identity] : [enc],
  )
  deliver(world, owner, companion, forwarded, copy)
}

const acknowledge = (world: World, session: Session, stanza: BinaryNode, entry: FromSession): boolean => {
  const account = session.subscriber.number
  const refusal = world.faults.take('ackError', account)
  const { id, to } = stanza.attrs
  const ack = node('ack', {
    class: 'message',
    id,
    from: to,
    t: seconds(),
    error: refusal && String(refusal.code),
  })
  if (refusal || !world.faults.effective(account).withholdAcks) {
    if (session.send(ack)) world.ledger.update(entry, (one) => (refusal ? one.refused++ : one.acked++))
  }
  return refusal === undefined
}

/** Takes a message from a session: ledger first, then the ack, then everyone it is for. */
export const acceptMessage = (world: World, session: Session, stanza: BinaryNode): void => {
  const { subscriber: sender, companion } = session
  const from = { number: sender.number, device: companion.device }
  const chat = world.directory.byJid(chatOf(stanza))
  const addressing = chat?.addressing ?? 'pn'
  const to = chat?.subscriber.number ?? chatOf(stanza)
  const entry = world.ledger.fromSession({ id: stanza.attrs.id ?? '', from, to, addressing })
  world.ledger.update(entry, (one) => one.attempts++)
  if (!acknowledge(world, session, stanza, entry)) return

  const outgoing: Outgoing = { sender, from, stanza, entry, addressing }
  for (const { jid, enc } of envelopes(stanza)) {
    const target = world.directory.byJid(jid)
    if (!target) continue
    const isSender = target.subscriber === sender && target.device === companion.device
    if (isSender) continue
    if (target.device > 0) relay(world, outgoing, target.subscriber, target.device, enc)
    else void world.lane.run(() => openOnPhone(world, outgoing, target.subscriber, enc))
  }
}
