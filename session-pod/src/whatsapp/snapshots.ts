/**
 * Snapshots of credentials, in the session's own log: fenced, sealed and durable like everything else. There are two kinds.
 *
 * - **Credentials alone**, of the present link. The ratchets move on with every message, and one that is set back writes with keys that
 *   were used before; so nothing is kept of them, and a restore puts the credentials back beside the newest ratchets there are.
 * - **A whole link**, taken when another takes its place. Nothing moves its ratchets any more, so what is kept stays the newest. A restore
 *   consumes it: from then on they move again.
 */
import type { Account, Snapshot, SnapshotReason } from '@warren/contracts'
import { EXPORTED } from '../session/model.ts'
import { decodeValue, encodeValue } from '../store/codec.ts'
import { endedLinkReason } from '../store/ended-link.ts'
import { sizeOf } from '../store/size.ts'
import type { Change, SessionState } from '../store/state.ts'
import type { AuthenticationCreds } from './baileys.ts'
import { accountOf, CREDENTIALS, linkIdOf, OF_ONE_DEVICE, presentLink } from './credentials.ts'
import { flawOf } from './soundness.ts'

/** What is known of a snapshot without opening it; one value of the state. */
export type SnapshotRecord = {
  readonly at: string
  readonly reason: SnapshotReason
  /** The link that it belongs to. */
  readonly link: string
  readonly whole: boolean
  readonly account?: Account
  /** What was wrong with these credentials. */
  readonly flaw?: string
  /** Why this link had ended, where it had. */
  readonly ended?: string
  /** How many records of the archive hold it. */
  readonly parts: number
  readonly expiresAt: string
}

/** One value of a snapshot. */
export type SnapshotRow = readonly [type: string, id: string, value: unknown]

/** The link of credentials so damaged that nothing tells it. */
const UNKNOWN = 'unknown'
const INDEX = 'snapshot'
const PART = 'snapshot-part'
const KEPT_MS = 365 * 24 * 3600_000
/** The least time between two that are taken because all is well. */
const DAILY_MS = 24 * 3600_000
/** Bytes of one record, roughly: small enough for a commit beside others. */
const PART_BYTES = 1_000_000
/** How many are kept of each kind; the oldest go. */
const KEPT = { connected: 2, credentials: 5, whole: 3 } as const

/** All snapshots, newest first. */
export function allSnapshots(state: SessionState): [id: string, record: SnapshotRecord][] {
  const found = [...state.all(INDEX)] as [string, SnapshotRecord][]
  return found.sort(([a], [b]) => (a < b ? 1 : -1))
}

export function listSnapshots(state: SessionState): Snapshot[] {
  return allSnapshots(state).map(([id, record]) => {
    const { at, reason, whole, account } = record
    const obstacle = obstacleTo(state, record)
    return { id, at, reason, whole, ...(account ? { account } : {}), ...(obstacle ? { obstacle } : {}) }
  })
}

/** Why a snapshot cannot be restored now. */
export function obstacleTo(state: SessionState, record: SnapshotRecord): string | undefined {
  const present = record.link === presentLink(state)
  const ended = present ? endedLinkReason(state) : record.ended
  if (ended === EXPORTED) return 'The link was taken elsewhere; export it once more, and import that.'
  if (record.flaw) return `It is of credentials that were damaged: ${record.flaw}.`
  if (!present && !record.whole && !keysFor(state, record))
    return 'The keys of this link are gone; it would write with keys that were used before.'
  return undefined
}

/** The whole snapshot of the link that a snapshot of credentials alone belongs to. */
export function keysFor(state: SessionState, record: SnapshotRecord): [string, SnapshotRecord] | undefined {
  return allSnapshots(state).find(([, other]) => other.whole && other.link === record.link)
}

/** Of the credentials of the present link; empty when there is none. */
export function snapshotOfCredentials(state: SessionState, reason: SnapshotReason, now: Date): Change[] {
  const creds = state.get(CREDENTIALS.type, CREDENTIALS.id)
  const link = presentLink(state)
  if (!creds || !link) return []
  const { parts, entry } = written(state, describe(state, link, reason, now, false), [
    [CREDENTIALS.type, CREDENTIALS.id, creds],
  ])
  return [...parts.flat(), ...entry]
}

/** As {@link snapshotOfCredentials}, when the last one that was taken because all was well is a day old. */
export function dailySnapshot(state: SessionState, now: Date): Change[] {
  const link = presentLink(state)
  const last = allSnapshots(state).find(([, one]) => one.reason === 'connected' && one.link === link)?.[1]
  if (last && now.getTime() - Date.parse(last.at) < DAILY_MS) return []
  return snapshotOfCredentials(state, 'connected', now)
}

/**
 * Of the present link with all its keys.
 * @returns records for the archive, in steps that need not be one; and what makes a snapshot of them, for the step that takes the link away
 */
export function snapshotOfLink(
  state: SessionState,
  reason: SnapshotReason,
  now: Date,
): { parts: Change[][]; entry: Change[] } {
  const creds = state.get(CREDENTIALS.type, CREDENTIALS.id)
  const rows: SnapshotRow[] = OF_ONE_DEVICE.flatMap((type) =>
    [...state.all(type)].map(([id, value]): SnapshotRow => [type, id, value]),
  )
  if (creds) rows.unshift([CREDENTIALS.type, CREDENTIALS.id, creds])
  if (rows.length === 0) return { parts: [], entry: [] }
  const link = presentLink(state) ?? UNKNOWN
  const record = describe(state, link, reason, now, true)
  const { parts, entry } = written(state, record, rows)
  // The newest credentials are in this one, unless they are damaged.
  const covered = record.flaw ? [] : allSnapshots(state).filter(([, one]) => one.link === link)
  return { parts, entry: [...entry, ...covered.flatMap(([id, one]) => forgotten(id, one))] }
}

function describe(
  state: SessionState,
  link: string,
  reason: SnapshotReason,
  now: Date,
  whole: boolean,
): Omit<SnapshotRecord, 'parts'> {
  const creds = state.get(CREDENTIALS.type, CREDENTIALS.id) as Partial<AuthenticationCreds> | undefined
  const account = creds && accountOf(creds)
  const flaw = creds && linkIdOf(creds) !== link ? 'its keys are of another link' : flawOf(creds)
  const ended = endedLinkReason(state)
  return {
    at: now.toISOString(),
    reason,
    link,
    whole,
    ...(account ? { account } : {}),
    ...(flaw ? { flaw } : {}),
    ...(ended ? { ended } : {}),
    expiresAt: new Date(now.getTime() + KEPT_MS).toISOString(),
  }
}

function written(
  state: SessionState,
  record: Omit<SnapshotRecord, 'parts'>,
  rows: readonly SnapshotRow[],
): { parts: Change[][]; entry: Change[] } {
  const id = freeId(state, new Date(record.at))
  const expiresAt = new Date(record.expiresAt)
  const parts = inParts(rows).map((part, index): Change[] => [
    { type: PART, id: `${id}/${index}`, value: part, expiresAt },
  ])
  const full: SnapshotRecord = { ...record, parts: parts.length }
  return { parts, entry: [{ type: INDEX, id, value: full }, ...tooMany(state, full)] }
}

/** Copies: Baileys changes its credentials in place, and what is stored here is encoded later. */
function inParts(rows: readonly SnapshotRow[]): SnapshotRow[][] {
  const parts: SnapshotRow[][] = []
  let room = 0
  for (const [type, id, value] of rows) {
    const row: SnapshotRow = [type, id, decodeValue(type, encodeValue(type, value))]
    const size = sizeOf(row)
    if (size > room || parts.length === 0) {
      parts.push([])
      room = PART_BYTES
    }
    room -= size
    parts.at(-1)?.push(row)
  }
  return parts
}

/** Sorts by time; `20261121-181233.123`. */
function freeId(state: SessionState, at: Date): string {
  for (let ms = at.getTime(); ; ms++) {
    const [day = '', time = ''] = new Date(ms).toISOString().replaceAll(/[-:Z]/g, '').split('T')
    const id = `${day}-${time}`
    if (state.get(INDEX, id) === undefined) return id
  }
}

const kindOf = ({ whole, reason }: SnapshotRecord): keyof typeof KEPT =>
  whole ? 'whole' : reason === 'connected' ? 'connected' : 'credentials'

/** What goes when this one comes: the oldest of its kind, and all that are past their time. */
function tooMany(state: SessionState, coming: SnapshotRecord): Change[] {
  let left = KEPT[kindOf(coming)] - 1
  return allSnapshots(state).flatMap(([id, record]) => {
    if (record.expiresAt <= coming.at) return forgotten(id, record)
    if (kindOf(record) !== kindOf(coming) || left-- > 0) return []
    return forgotten(id, record)
  })
}

/** Takes a snapshot away. */
export function forgotten(id: string, { parts, expiresAt }: SnapshotRecord): Change[] {
  const records = Array.from(
    { length: parts },
    (_, index): Change => ({
      type: PART,
      id: `${id}/${index}`,
      value: undefined,
      expiresAt: new Date(expiresAt),
    }),
  )
  return [{ type: INDEX, id, value: undefined }, ...records]
}

/**
 * What a snapshot holds.
 * @param read a record of the archive
 * @returns undefined when a part of it is gone
 */
export async function rowsOf(
  [id, { parts }]: [string, SnapshotRecord],
  read: (type: string, id: string) => Promise<unknown>,
): Promise<SnapshotRow[] | undefined> {
  const rows: SnapshotRow[] = []
  for (let index = 0; index < parts; index++) {
    const part = (await read(PART, `${id}/${index}`)) as SnapshotRow[] | undefined
    if (!part) return undefined
    rows.push(...part)
  }
  return rows
}
