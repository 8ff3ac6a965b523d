import { type Addressing, type DeviceAddress, deviceKey } from './address.ts'
import type { Content } from './content.ts'

interface EntryBase extends Partial<Content> {
  /** Order of first appearance over the whole simulator, from 1; within one chat it is the order of that chat. */
  seq: number
  /** Grows with every change of any entry; the cursor of `since`. */
  revision: number
  /** `account|peer`, both as numbers (or the raw JID of a group), whatever form the stanza used. */
  chat: string
  id: string
  addressing: Addressing
  /** Milliseconds since 1970 of the first and the latest change. */
  firstAt: number
  lastAt: number
}

/** A message that a session gave to the server. Counters say how often each thing happened. */
export interface FromSession extends EntryBase {
  direction: 'fromSession'
  from: DeviceAddress
  /** The recipient's number, or the raw JID when it is not a person. */
  to: string
  /** Stanzas that arrived with this id. */
  attempts: number
  /** Good acks sent. */
  acked: number
  /** Acks with an error sent. */
  refused: number
  /** Times the recipient's phone opened it; in a group, those of all members together. */
  opened: number
  /** In a group: the same by member. */
  openedBy?: Record<string, number>
  /** Times the sender's own phone opened its copy. */
  ownCopies: number
  decryptFailures: number
  /** Retry receipts sent to the session. */
  retryRequests: number
  /** Delivery and read receipts sent to the session. */
  delivered: number
  read: number
  /** The recipient opened it more than once: without removal of duplicates a person would see it twice. */
  duplicate: boolean
  /** The same id carried different contents. */
  conflicting: boolean
}

/** A message that the server has for a session, whoever wrote it. */
export interface ToSession extends EntryBase {
  direction: 'toSession'
  /** The author's number. */
  from: string
  to: DeviceAddress
  /** Stanzas queued: 1, plus one for each retry. */
  queued: number
  /** Stanzas written to a connection, redeliveries included. */
  sent: number
  /** Stanzas cleared by a receipt or an ack. */
  acknowledged: number
  /** Stanzas refused by an ack with an error. */
  nacked: number
  retryRequests: number
  /** Read receipts from the session. */
  read: number
}

export type LedgerEntry = FromSession | ToSession

export interface LedgerFilter {
  direction?: LedgerEntry['direction']
  /** The account: the session's own number. */
  account?: string
  device?: number
  /** The other side's number. */
  peer?: string
  id?: string
  kind?: string
  /** Only entries changed after this cursor. */
  since?: number
}

export interface LedgerPage {
  entries: LedgerEntry[]
  /** Give it as `since` next time. */
  cursor: number
}

export interface LedgerState {
  entries: LedgerEntry[]
  revision: number
}

export interface Ledger {
  /** The entry of a message from a session, made on first use. */
  fromSession(key: { id: string; from: DeviceAddress; to: string; addressing: Addressing }): FromSession
  /** `partner` is the other side when `from` is the account itself: a copy of what another of its devices sent. */
  toSession(key: {
    id: string
    from: string
    to: DeviceAddress
    addressing: Addressing
    partner?: string | undefined
  }): ToSession
  find(seq: number | undefined): LedgerEntry | undefined
  findFrom(id: string, from: DeviceAddress, to: string): FromSession | undefined
  findTo(id: string, from: string, to: DeviceAddress): ToSession | undefined
  /** The only way to change an entry: keeps revision and time right. */
  update<T extends LedgerEntry>(entry: T, change: (entry: T) => void): T
  /** Copies, ordered by `seq`. */
  read(filter?: LedgerFilter): LedgerPage
  clear(): void
  state(): LedgerState
  restore(state: LedgerState): void
}

const accountOf = (entry: LedgerEntry): DeviceAddress =>
  entry.direction === 'fromSession' ? entry.from : entry.to
/** The other side of the entry's chat: a number, or the raw JID of a group. */
export const peerOf = (entry: LedgerEntry): string => entry.chat.slice(entry.chat.indexOf('|') + 1)

const matches = (entry: LedgerEntry, filter: LedgerFilter): boolean =>
  (filter.direction === undefined || entry.direction === filter.direction) &&
  (filter.account === undefined || accountOf(entry).number === filter.account) &&
  (filter.device === undefined || accountOf(entry).device === filter.device) &&
  (filter.peer === undefined || peerOf(entry) === filter.peer) &&
  (filter.id === undefined || entry.id === filter.id) &&
  (filter.kind === undefined || entry.kind === filter.kind) &&
  (filter.since === undefined || entry.revision > filter.since)

const fromKey = (id: string, from: DeviceAddress, to: string) => `from ${deviceKey(from)} ${to} ${id}`
const toKey = (id: string, from: string, to: DeviceAddress) => `to ${deviceKey(to)} ${from} ${id}`
const keyOf = (entry: LedgerEntry): string =>
  entry.direction === 'fromSession'
    ? fromKey(entry.id, entry.from, entry.to)
    : toKey(entry.id, entry.from, entry.to)

export const createLedger = (now: () => number = Date.now): Ledger => {
  let entries: LedgerEntry[] = []
  let byKey = new Map<string, LedgerEntry>()
  let bySeq = new Map<number, LedgerEntry>()
  /** What is asked for most: one message, while tens of thousands are kept. */
  let byId = new Map<string, LedgerEntry[]>()
  let revision = 0
  let nextSeq = 1

  const add = <T extends LedgerEntry>(entry: T): T => {
    entries.push(entry)
    byKey.set(keyOf(entry), entry)
    bySeq.set(entry.seq, entry)
    byId.set(entry.id, [...(byId.get(entry.id) ?? []), entry])
    nextSeq = Math.max(nextSeq, entry.seq + 1)
    return entry
  }
  const base = (id: string, chat: string, addressing: Addressing): EntryBase => {
    const at = now()
    return { seq: nextSeq, revision: ++revision, chat, id, addressing, firstAt: at, lastAt: at }
  }
  const findFrom = (id: string, from: DeviceAddress, to: string) =>
    byKey.get(fromKey(id, from, to)) as FromSession | undefined
  const findTo = (id: string, from: string, to: DeviceAddress) =>
    byKey.get(toKey(id, from, to)) as ToSession | undefined

  return {
    fromSession: ({ id, from, to, addressing }) =>
      findFrom(id, from, to) ??
      add({
        ...base(id, `${from.number}|${to}`, addressing),
        ...{ direction: 'fromSession', from: { ...from }, to, attempts: 0, acked: 0, refused: 0, opened: 0 },
        ...{ ownCopies: 0, decryptFailures: 0, retryRequests: 0, delivered: 0, read: 0 },
        ...{ duplicate: false, conflicting: false },
      }),
    toSession: ({ id, from, to, addressing, partner = from }) =>
      findTo(id, from, to) ??
      add({
        ...base(id, `${to.number}|${partner}`, addressing),
        ...{ direction: 'toSession', from, to: { ...to }, queued: 0, sent: 0, acknowledged: 0, nacked: 0 },
        ...{ retryRequests: 0, read: 0 },
      }),
    find: (seq) => (seq === undefined ? undefined : bySeq.get(seq)),
    findFrom,
    findTo,
    update(entry, change) {
      change(entry)
      entry.revision = ++revision
      entry.lastAt = now()
      return entry
    },
    read: (filter = {}) => ({
      entries: structuredClone(
        (filter.id === undefined ? entries : (byId.get(filter.id) ?? [])).filter((entry) =>
          matches(entry, filter),
        ),
      ),
      cursor: revision,
    }),
    clear() {
      entries = []
      byKey = new Map()
      bySeq = new Map()
      byId = new Map()
    },
    state: () => ({ entries, revision }),
    restore(state) {
      revision = state.revision
      for (const entry of state.entries) add(entry)
    },
  }
}

/** The same for a member of a group: each may open it once. */
export const noteOpenedBy = (entry: FromSession, member: string, content: Content): void => {
  entry.conflicting ||= entry.opened > 0 && (entry.kind !== content.kind || entry.text !== content.text)
  const times = (entry.openedBy?.[member] ?? 0) + 1
  entry.openedBy = { ...entry.openedBy, [member]: times }
  entry.duplicate ||= times > 1
  if (entry.opened === 0) Object.assign(entry, content)
  entry.opened++
}

/** Notes what the recipient's phone found inside; a second opening makes the entry a duplicate. */
export const noteOpened = (entry: FromSession, content: Content): void => {
  entry.conflicting ||= entry.opened > 0 && (entry.kind !== content.kind || entry.text !== content.text)
  entry.opened++
  entry.duplicate = entry.opened > 1
  if (entry.opened === 1) Object.assign(entry, content)
}
