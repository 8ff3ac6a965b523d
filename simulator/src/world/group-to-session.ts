/** What a simulated phone writes to a group. */
import { encodeWAMessage, type proto } from '@whiskeysockets/baileys'
import { type BinaryNode, node, seconds } from '../protocol/node.ts'
import { deviceKey } from './address.ts'
import { takeBundle } from './bundles.ts'
import { describe } from './content.ts'
import type { Companion, Subscriber } from './directory.ts'
import { memberAttrs } from './group-from-session.ts'
import type { Group } from './groups.ts'
import type { ToSession } from './ledger.ts'
import { deliver } from './outbox.ts'
import { hexId, type SentFromPhone } from './to-session.ts'
import type { World } from './world.ts'

interface Letter {
  owner: Subscriber
  companion: Companion
  entry: ToSession
}

const distributing = (group: Group, key: Uint8Array): proto.IMessage => ({
  senderKeyDistributionMessage: { groupId: group.jid, axolotlSenderKeyDistributionMessage: key },
})

const sealFor = async (
  author: Subscriber,
  { owner, companion }: Letter,
  message: proto.IMessage,
  retryCount?: number,
): Promise<BinaryNode> => {
  const peer = { number: owner.number, device: companion.device }
  if (!author.phone.hasSession(peer) || retryCount !== undefined)
    await author.phone.startSession(peer, takeBundle(companion))
  const { type, ciphertext } = await author.phone.encrypt(peer, encodeWAMessage(message))
  const count = retryCount === undefined ? undefined : String(retryCount)
  return node('enc', { v: '2', type, count }, ciphertext)
}

const post = (world: World, author: Subscriber, group: Group, letter: Letter, content: BinaryNode[]) => {
  const { owner, companion, entry } = letter
  const attrs = { ...memberAttrs(author, group), id: entry.id, type: 'text', t: seconds() }
  deliver(world, owner, companion, node('message', attrs, content), entry)
}

/** Resolves when the message is queued for every companion of every other member. */
export const sendToGroup = async (
  world: World,
  author: Subscriber,
  group: Group,
  { text, id = hexId() }: { text: string; id?: string | undefined },
): Promise<SentFromPhone> => {
  const message: proto.IMessage = { conversation: text }
  const letters = group.members
    .filter((number) => number !== author.number)
    .flatMap((number): Letter[] => {
      const owner = world.directory.ensure(number)
      return [...owner.companions.values()].map((companion) => {
        const to = { number, device: companion.device }
        const { addressing, jid } = group
        const entry = world.ledger.toSession({ id, from: author.number, to, addressing, partner: jid })
        world.ledger.update(entry, (one) => Object.assign(one, describe(message)))
        world.sentContents.set(entry.seq, { message, group: jid })
        return { owner, companion, entry }
      })
    })
  await world.lane.run(async () => {
    const { distribution, ciphertext } = await author.phone.groups.seal(group.jid, encodeWAMessage(message))
    const common = node('enc', { v: '2', type: 'skmsg' }, ciphertext)
    for (const letter of letters) {
      const place = `${author.number}>${deviceKey(letter.entry.to)}`
      const isKeyed = group.keyed.includes(place)
      const own = isKeyed ? [] : [await sealFor(author, letter, distributing(group, distribution))]
      if (!isKeyed) group.keyed.push(place)
      post(world, author, group, letter, [...own, common])
    }
  })
  return { id, devices: letters.map(({ entry }) => ({ ...entry.to, seq: entry.seq })) }
}

/** Answers a retry receipt: the message in the session of the two, made anew, and the sender key with it. */
export const sendToGroupAgain = (
  world: World,
  author: Subscriber,
  group: Group,
  letter: Letter,
  kept: { message: proto.IMessage; retryCount: number },
): void => {
  world.timers.track(
    world.lane.run(async () => {
      const { distribution } = await author.phone.groups.seal(group.jid, encodeWAMessage(kept.message))
      const message = { ...kept.message, ...distributing(group, distribution) }
      post(world, author, group, letter, [await sealFor(author, letter, message, kept.retryCount)])
    }),
  )
}
