import { readFile, rename, writeFile } from 'node:fs/promises'
import { type BinaryNode, BufferJSON, proto } from '@whiskeysockets/baileys'
import type { MediaPorts } from '../media/media-server.ts'
import type { TlsIdentity } from '../media/self-signed.ts'
import type { TrustChainState } from '../noise/index.ts'
import type { Behaviour, SubscriberState } from './directory.ts'
import type { Group } from './groups.ts'
import type { LedgerState } from './ledger.ts'
import type { World } from './world.ts'

/** What makes a simulator the same one after a restart: its keys, which clients trust, and where its files are. */
export interface Identity {
  chain: TrustChainState
  tls: TlsIdentity
  mediaPorts: MediaPorts | undefined
}

/** Everything that survives a restart, as plain data. Faults and running timers do not. */
export interface Snapshot {
  version: 1
  identity: Identity
  defaults: Behaviour
  subscribers: (Omit<SubscriberState, 'companions'> & { companions: CompanionSnapshot[] })[]
  queues: { number: string; device: number; stanzas: QueueSnapshot[] }[]
  /** Absent in states of before there were groups. */
  groups?: Group[]
  ledger: LedgerState
  sentContents: {
    seq: number
    message: Uint8Array
    partner?: string | undefined
    group?: string | undefined
  }[]
  media: [string, Uint8Array][]
}

type CompanionSnapshot = Omit<SubscriberState['companions'][number], 'preKeys'> & {
  preKeys: [number, Uint8Array][]
}

interface QueueSnapshot {
  node: BinaryNode
  sent: number
  ledgerSeq?: number | undefined
}

export const takeSnapshot = (world: World, identity: Identity): Snapshot => {
  const subscribers = world.directory.all()
  return {
    version: 1,
    identity,
    defaults: world.defaults,
    subscribers: subscribers.map((subscriber) => {
      const { companions, ...state } = world.directory.state(subscriber)
      return { ...state, companions: companions.map((one) => ({ ...one, preKeys: [...one.preKeys] })) }
    }),
    queues: subscribers.flatMap(({ number, companions }) =>
      [...companions.values()].map(({ device, queue }) => ({
        number,
        device,
        stanzas: queue.pending().map(({ node, sent, ledgerSeq }) => ({ node, sent, ledgerSeq })),
      })),
    ),
    groups: world.groups.all(),
    ledger: world.ledger.state(),
    sentContents: [...world.sentContents].map(([seq, { message, partner, group }]) => ({
      seq,
      message: proto.Message.encode(message).finish(),
      partner,
      group,
    })),
    media: world.media.all(),
  }
}

/** Fills an empty world. */
export const restoreSnapshot = (world: World, snapshot: Snapshot): void => {
  Object.assign(world.defaults, snapshot.defaults)
  for (const { companions, ...state } of snapshot.subscribers) {
    world.directory.restore({
      ...state,
      companions: companions.map((one) => ({ ...one, preKeys: new Map(one.preKeys) })),
    })
  }
  for (const { number, device, stanzas } of snapshot.queues) {
    const queue = world.directory.find(number)?.companions.get(device)?.queue
    for (const { node, sent, ledgerSeq } of stanzas) {
      const stanza = queue?.push(node, ledgerSeq)
      if (stanza) stanza.sent = sent
    }
  }
  world.ledger.restore(snapshot.ledger)
  for (const group of snapshot.groups ?? []) world.groups.restore(group)
  for (const { seq, message, partner, group } of snapshot.sentContents) {
    world.sentContents.set(seq, { message: proto.Message.decode(message), partner, group })
  }
  for (const [, bytes] of snapshot.media) world.media.put(bytes)
}

/** The kept snapshot; undefined when there is no file. Rejects when the file is no snapshot of this version. */
export const readSnapshot = async (file: string): Promise<Snapshot | undefined> => {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const snapshot = JSON.parse(text, BufferJSON.reviver) as Snapshot
  if (snapshot.version !== 1) throw new Error(`${file} is no simulator state of version 1`)
  return snapshot
}

/** Replaces the file in one step. It holds private keys of simulated phones, so only its owner may read it. */
export const writeSnapshot = async (file: string, snapshot: Snapshot): Promise<void> => {
  const partial = `${file}.part`
  await writeFile(partial, JSON.stringify(snapshot, BufferJSON.replacer), { mode: 0o600 })
  await rename(partial, file)
}
