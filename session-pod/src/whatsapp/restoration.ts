/** What a snapshot brings back, and what must not go back with it. */
import { linkBegun } from '../store/ended-link.ts'
import type { Change, SessionState } from '../store/state.ts'
import { adoption } from './adoption.ts'
import type { AuthenticationCreds } from './baileys.ts'
import { CREDENTIALS, credentialsChange, linkChange, presentLink } from './credentials.ts'
import {
  forgotten,
  keysFor,
  rowsOf,
  type SnapshotRecord,
  type SnapshotRow,
  snapshotOfCredentials,
} from './snapshots.ts'

/** A snapshot that was read, ready to be put in place. */
export type SnapshotContent = {
  readonly creds: AuthenticationCreds
  /** Present for a link other than the present one: its keys, and the snapshot that they stem from. */
  readonly keys?: { readonly from: [string, SnapshotRecord]; readonly changes: readonly Change[] }
}

type Entry = [string, SnapshotRecord]
type Read = (type: string, id: string) => Promise<unknown>

/** Undefined when a part of it is gone. */
export async function snapshotContent(
  state: SessionState,
  [id, record]: Entry,
  read: Read,
): Promise<SnapshotContent | undefined> {
  const creds = credentialsIn(await rowsOf([id, record], read))
  if (!creds || record.link === presentLink(state)) return creds && { creds }
  const from = record.whole ? ([id, record] satisfies Entry) : keysFor(state, record)
  const rows = from && (await rowsOf(from, read))
  if (!rows) return undefined
  const changes = rows
    .filter(([type]) => type !== CREDENTIALS.type)
    .map(([type, key, value]): Change => ({ type, id: key, value }))
  const newest = record.whole ? creds : broughtForward(creds, credentialsIn(rows), preKeysIn(changes))
  return { creds: newest, keys: { from, changes } }
}

/** Steps as those of an adoption. */
export function restoration(
  state: SessionState,
  { creds, keys }: SnapshotContent,
  now: Date,
): readonly (readonly Change[])[] {
  if (keys) {
    const changes = [...keys.changes, ...forgotten(...keys.from)]
    return adoption(state, creds, { now, keys: changes, reason: 'restore' })
  }
  const present = state.get(CREDENTIALS.type, CREDENTIALS.id) as Partial<AuthenticationCreds> | undefined
  const forward = broughtForward(creds, present, state.ids('pre-key'))
  const before = snapshotOfCredentials(state, 'restore', now)
  return [[...before, credentialsChange(forward), linkChange(forward), linkBegun()]]
}

/**
 * Old credentials beside newer keys. Numbers of pre-keys are never given twice: WhatsApp may still hand out the public half of one that
 * was uploaded since, and a second one of its number could not be told from it.
 * @param newest what is there now, which may be damaged
 */
export function broughtForward(
  creds: AuthenticationCreds,
  newest: Partial<AuthenticationCreds> | undefined,
  preKeyIds: Iterable<string>,
): AuthenticationCreds {
  const next = highest(
    creds.nextPreKeyId,
    newest?.nextPreKeyId,
    ...[...preKeyIds].map((id) => Number(id) + 1),
  )
  const processed = newest?.processedHistoryMessages
  return {
    ...creds,
    nextPreKeyId: next,
    firstUnuploadedPreKeyId: next,
    accountSyncCounter: highest(creds.accountSyncCounter, newest?.accountSyncCounter),
    ...(newest?.myAppStateKeyId ? { myAppStateKeyId: newest.myAppStateKeyId } : {}),
    ...(Array.isArray(processed) ? { processedHistoryMessages: processed } : {}),
  }
}

const highest = (...values: readonly unknown[]): number =>
  values.reduce<number>((top, value) => (Number.isInteger(value) ? Math.max(top, value as number) : top), 0)

const preKeysIn = (changes: readonly Change[]) =>
  changes.filter(({ type }) => type === 'pre-key').map(({ id }) => id)

const credentialsIn = (rows: readonly SnapshotRow[] | undefined) =>
  rows?.find(([type]) => type === CREDENTIALS.type)?.[2] as AuthenticationCreds | undefined
