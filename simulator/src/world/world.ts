import type { proto } from '@whiskeysockets/baileys'
import { type Behaviour, createDirectory, type Directory } from './directory.ts'
import { createFaultBoard, type FaultBoard } from './faults.ts'
import { createGroups, type Groups } from './groups.ts'
import { createLane, type Lane } from './lane.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { createMediaStore, type MediaStore } from './media-store.ts'
import { createPairings, type Pairings } from './pairings.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { createTimers, type Timers } from './timers.ts'

/** What simulated phones wrote, by ledger sequence: kept to answer retry receipts. */
export type SentContents = Map<number, SentContent>

export interface SentContent {
  message: proto.IMessage
  /** The other side's number when it was a copy of an own message. */
  partner?: string | undefined
  /** The JID of the group that it was written to. */
  group?: string | undefined
}

/** Everything the simulated WhatsApp knows. Connections and the control API work on it and hold no state of their own. */
export interface World {
  directory: Directory
  groups: Groups
  sessions: Sessions
  pairings: Pairings
  ledger: Ledger
  faults: FaultBoard
  media: MediaStore
  timers: Timers
  /** IP addresses from which clients have connected, for the WebSocket or for media. */
  clientAddresses: Set<string>
  /** Where Signal messages are opened and sealed. */
  lane: Lane
  sentContents: SentContents
  /** What a new number does by itself. */
  defaults: Behaviour
  settings: WorldSettings
}

export interface WorldSettings {
  /** `stored`: answer count queries with the truth. `plenty`: always enough, so that clients upload none. */
  prekeyCount: 'stored' | 'plenty'
  log: (line: string) => void
}

export const DEFAULT_BEHAVIOUR: Behaviour = {
  deliverAfterMs: 100,
  readAfterMs: null,
  echo: false,
  failDecrypts: 0,
  registered: true,
}

export const createWorld = (settings: WorldSettings): World => {
  const defaults = { ...DEFAULT_BEHAVIOUR }
  return {
    directory: createDirectory(() => defaults),
    groups: createGroups(),
    sessions: createSessions(),
    pairings: createPairings(),
    ledger: createLedger(),
    faults: createFaultBoard(),
    media: createMediaStore(),
    clientAddresses: new Set(),
    timers: createTimers((error) => settings.log(`background job failed: ${String(error)}`)),
    lane: createLane(),
    sentContents: new Map(),
    defaults,
    settings,
  }
}

/** Back to an empty world; settings stay. Connections must have been cut before. */
export const clearWorld = (world: World): void => {
  world.timers.clear()
  world.directory.clear()
  world.groups.clear()
  world.ledger.clear()
  world.faults.clear()
  world.media.clear()
  world.clientAddresses.clear()
  world.sentContents.clear()
  Object.assign(world.defaults, DEFAULT_BEHAVIOUR)
}
