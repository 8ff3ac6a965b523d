import { randomBytes } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { encodeWAMessage, proto } from '@whiskeysockets/baileys'
import { node, seconds } from '../protocol/node.ts'
import { takeBundle } from './bundles.ts'
import { type Companion, jidOf, type Subscriber } from './directory.ts'
import { type LedgerEntry, peerOf } from './ledger.ts'
import { deliver } from './outbox.ts'
import type { World } from './world.ts'

const { ProtocolMessage } = proto.Message
/** The latest texts of each chat that a new device is told about. */
const HISTORY_PER_CHAT = 50

/** Sends a message of the account's phone to one of its own companions. */
const sendPeer = (
  world: World,
  owner: Subscriber,
  companion: Companion,
  message: proto.Message.IProtocolMessage,
) =>
  world.lane.run(async () => {
    const peer = { number: owner.number, device: companion.device }
    if (!owner.phone.hasSession(peer)) await owner.phone.startSession(peer, takeBundle(companion))
    const plain = encodeWAMessage({ protocolMessage: message })
    const { type, ciphertext } = await owner.phone.encrypt(peer, plain)
    const attrs = { from: jidOf(owner, 'pn'), type: 'text', category: 'peer', t: seconds() }
    const id = randomBytes(10).toString('hex').toUpperCase()
    deliver(
      world,
      owner,
      companion,
      node('message', { ...attrs, id }, [node('enc', { v: '2', type }, ciphertext)]),
    )
  })

const keyShare = (): proto.Message.IProtocolMessage => ({
  type: ProtocolMessage.Type.APP_STATE_SYNC_KEY_SHARE,
  appStateSyncKeyShare: {
    keys: [
      {
        keyId: { keyId: Buffer.concat([Buffer.alloc(2), randomBytes(4)]) },
        keyData: {
          keyData: randomBytes(32),
          fingerprint: { rawId: randomBytes(4).readUInt32BE(), currentIndex: 0, deviceIndexes: [0] },
          timestamp: Date.now(),
        },
      },
    ],
  },
})

const historyMessage = (entry: LedgerEntry, peerJid: string): proto.IHistorySyncMsg => ({
  message: {
    key: {
      remoteJid: peerJid,
      id: entry.id,
      fromMe: entry.direction === 'fromSession' || entry.from === entry.to.number,
    },
    message: { conversation: entry.text ?? '' },
    messageTimestamp: Math.floor(entry.firstAt / 1000),
  },
})

/** The chats of an account as its phone would tell a new device: texts only, newest first. */
const history = (world: World, owner: Subscriber): proto.IHistorySync => {
  const chats = new Map<string, Map<string, LedgerEntry>>()
  for (const entry of world.ledger.read({ account: owner.number, kind: 'text' }).entries) {
    const peer = peerOf(entry)
    if (peer === owner.number || !world.directory.find(peer)) continue
    const messages = chats.get(peer) ?? new Map<string, LedgerEntry>()
    chats.set(peer, messages.set(entry.id, entry))
  }
  const peers = [...chats.keys()].map((number) => world.directory.ensure(number))
  return {
    syncType: proto.HistorySync.HistorySyncType.INITIAL_BOOTSTRAP,
    progress: 100,
    conversations: peers.map((peer) => ({
      id: jidOf(peer, 'pn'),
      name: peer.pushName,
      pnJid: jidOf(peer, 'pn'),
      lidJid: jidOf(peer, 'lid'),
      messages: [...(chats.get(peer.number)?.values() ?? [])]
        .slice(-HISTORY_PER_CHAT)
        .reverse()
        .map((entry) => historyMessage(entry, jidOf(peer, 'pn'))),
    })),
    pushnames: peers.map((peer) => ({ id: jidOf(peer, 'pn'), pushname: peer.pushName })),
    phoneNumberToLidMappings: [owner, ...peers].map((one) => ({
      pnJid: jidOf(one, 'pn'),
      lidJid: jidOf(one, 'lid'),
    })),
  }
}

const historyNotification = (sync: proto.IHistorySync): proto.Message.IProtocolMessage => ({
  type: ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION,
  historySyncNotification: {
    syncType: sync.syncType ?? 0,
    chunkOrder: 1,
    progress: 100,
    // Inline: the client needs no download.
    initialHistBootstrapInlinePayload: deflateSync(proto.HistorySync.encode(sync).finish()),
  },
})

/** What a phone sends to a device it has just linked: the app state key, then the history. Once for each device. */
export const syncNewDevice = (world: World, owner: Subscriber, companion: Companion): void => {
  if (companion.synced || !owner.initialSync) return
  companion.synced = true
  world.timers.track(sendPeer(world, owner, companion, keyShare()))
  world.timers.track(sendPeer(world, owner, companion, historyNotification(history(world, owner))))
}
