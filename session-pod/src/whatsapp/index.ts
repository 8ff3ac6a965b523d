/** All of Baileys. Outside of this folder there are only Warren's words. */
export { type AddressBook, createAddressBook } from './addresses.ts'
export { adoptedFrom } from './adoption.ts'
export { type Barrier, createBarrier } from './barrier.ts'
export { type ConnectOptions, targetOf } from './connect.ts'
export {
  accountOf,
  keptCredentials,
  linkChange,
  PORTABLE,
  presentLink,
  storedCredentials,
} from './credentials.ts'
export { mendGroupChains } from './group-chain.ts'
export { assertRatchetGuarded, guardRatchet } from './guard.ts'
export { createHandedOut } from './handed-out.ts'
export {
  HISTORY,
  type History,
  type HistoryNotice,
  historyMessage,
  readHistory,
  storeTokens,
} from './history.ts'
export { createKeyStores, type KeyStores } from './key-store.ts'
export { createKnownMessages, type KnownMessages } from './known-messages.ts'
export { createLink, type WhatsAppLink } from './link.ts'
export { decodeImage, downloadMedia, encodeImage, whatsAppHosts } from './media.ts'
export type { Messenger } from './messenger.ts'
export { decodeProto, textProto } from './outbound.ts'
export { createPairs } from './pairs.ts'
export { readPresence } from './presence.ts'
export { quietConsole } from './quiet.ts'
export { refusalOf } from './receipts.ts'
export { restoration, type SnapshotContent, snapshotContent } from './restoration.ts'
export { trustSimulator } from './simulator.ts'
export {
  dailySnapshot,
  listSnapshots,
  obstacleTo,
  type SnapshotRecord,
  snapshotOfCredentials,
} from './snapshots.ts'
export { storedFlaw } from './soundness.ts'
export { createTraffic, type Traffic, type TrafficOptions } from './traffic.ts'
