import { randomBytes } from 'node:crypto'
import { encodeWAMessage, type proto } from '@whiskeysockets/baileys'
import { node, seconds } from '../protocol/node.ts'
import { type Addressing, deviceKey } from './address.ts'
import { takeBundle } from './bundles.ts'
import { describe } from './content.ts'
import { type Companion, jidOf, type Subscriber } from './directory.ts'
import { sendToGroupAgain } from './group-to-session.ts'
import type { ToSession } from './ledger.ts'
import { type ImageContent, imageMessage } from './media-content.ts'
import { deliver } from './outbox.ts'
import type { CiphertextType } from './signal-device.ts'
import type { World } from './world.ts'

/** What a simulated phone writes. */
export interface PhoneMessage {
  text?: string | undefined
  image?: ImageContent | undefined
  /** How the stanza names the sender; default `pn`. */
  addressing?: Addressing | undefined
  /** The stanza does not tell the sender's other form, as where the number is hidden. */
  alone?: boolean | undefined
  /** Message id; default random. */
  id?: string | undefined
  /** Damages the ciphertext, so that the client must ask for a retry. */
  undecryptable?: boolean | undefined
}

/** Which message of the ledger went to which companions. */
export interface SentFromPhone {
  id: string
  devices: { number: string; device: number; seq: number }[]
}

interface Letter {
  author: Subscriber
  owner: Subscriber
  companion: Companion
  entry: ToSession
  message: proto.IMessage
  /** The other side, when the letter is a copy of an own message. */
  partner?: Subscriber | undefined
  retryCount?: number
  damage?: boolean
  alone?: boolean
}

export const hexId = (): string => `3A${randomBytes(9).toString('hex').toUpperCase()}`

const plainMessage = (world: World, { text, image }: PhoneMessage): proto.IMessage =>
  image ? { imageMessage: imageMessage(world, image, text) } : { conversation: text ?? '' }

/**
 * A `msg` ends with its MAC, of which one byte is inverted. A `pkmsg` ends with fields that nobody may read, so there the whole second
 * half is inverted, with the sealed message in it.
 */
const damaged = (ciphertext: Uint8Array, type: CiphertextType): Buffer => {
  const from = type === 'msg' ? ciphertext.length - 1 : Math.floor(ciphertext.length / 2)
  return Buffer.from(ciphertext.map((byte, at) => (at < from ? byte : byte ^ 0xff)))
}

/** Seals one message for one companion and queues it. Runs in the lane, so that every ratchet stays in order. */
const post = async (world: World, letter: Letter): Promise<void> => {
  const { author, owner, companion, entry, message, partner, retryCount } = letter
  const peer = { number: owner.number, device: companion.device }
  const { addressing } = entry
  const alternate = addressing === 'pn' ? 'lid' : 'pn'
  if (!author.phone.hasSession(peer) || retryCount !== undefined) {
    await author.phone.startSession(peer, takeBundle(companion))
  }
  const content = partner
    ? { deviceSentMessage: { destinationJid: jidOf(partner, addressing), message } }
    : message
  const { type, ciphertext } = await author.phone.encrypt(peer, encodeWAMessage(content))
  const body = letter.damage ? damaged(ciphertext, type) : ciphertext
  const isMedia = Boolean(message.imageMessage)
  const stanza = node(
    'message',
    {
      from: jidOf(author, addressing),
      id: entry.id,
      type: isMedia ? 'media' : 'text',
      t: seconds(),
      notify: author.pushName,
      addressing_mode: addressing === 'lid' ? 'lid' : undefined,
      ...(partner
        ? {
            recipient: jidOf(partner, addressing),
            [`peer_recipient_${alternate}`]: letter.alone ? undefined : jidOf(partner, alternate),
          }
        : { [`sender_${alternate}`]: letter.alone ? undefined : jidOf(author, alternate) }),
    },
    [
      node(
        'enc',
        {
          v: '2',
          type,
          mediatype: isMedia ? 'image' : undefined,
          count: retryCount === undefined ? undefined : String(retryCount),
        },
        body,
      ),
    ],
  )
  deliver(world, owner, companion, stanza, entry)
}

/**
 * A simulated phone writes to an account. Every companion of the account gets it, and every companion of the author
 * gets its copy. Resolves when all stanzas are queued; with no companions it goes nowhere.
 */
export const sendFromPhone = async (
  world: World,
  author: Subscriber,
  to: Subscriber,
  content: PhoneMessage,
): Promise<SentFromPhone> => {
  const id = content.id ?? hexId()
  const addressing = content.addressing ?? 'pn'
  const message = plainMessage(world, content)
  const letters: Letter[] = []
  const write = (owner: Subscriber, partner: Subscriber | undefined) => {
    for (const companion of owner.companions.values()) {
      const address = { number: owner.number, device: companion.device }
      const entry = world.ledger.toSession({
        id,
        from: author.number,
        to: address,
        addressing,
        partner: partner?.number,
      })
      world.ledger.update(entry, (one) => Object.assign(one, describe(message)))
      world.sentContents.set(entry.seq, { message, partner: partner?.number })
      letters.push({
        author,
        owner,
        companion,
        entry,
        message,
        partner,
        damage: content.undecryptable ?? false,
        alone: content.alone ?? false,
      })
    }
  }
  write(to, undefined)
  if (author !== to) write(author, to)
  await Promise.all(letters.map((letter) => world.lane.run(() => post(world, letter))))
  return { id, devices: letters.map(({ entry }) => ({ ...entry.to, seq: entry.seq })) }
}

/** Answers a client's retry receipt: the same message under the same id, in a session made anew. */
export const sendAgain = (world: World, entry: ToSession, companion: Companion, retryCount: number): void => {
  const kept = world.sentContents.get(entry.seq)
  const author = world.directory.find(entry.from)
  const owner = world.directory.find(entry.to.number)
  if (!kept || !author || !owner) {
    world.settings.log(`cannot answer the retry of ${entry.id} for ${deviceKey(entry.to)}`)
    return
  }
  const group = world.groups.find(kept.group)
  if (group) {
    const { message } = kept
    sendToGroupAgain(world, author, group, { owner, companion, entry }, { message, retryCount })
    return
  }
  const partner = kept.partner === undefined ? undefined : world.directory.ensure(kept.partner)
  const { message } = kept
  const letter = { author, owner, companion, entry, message, partner, retryCount }
  world.timers.track(world.lane.run(() => post(world, letter)))
}
