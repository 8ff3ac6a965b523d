/** Another link in the place of the present one, of which everything is kept in a snapshot. */
import type { Account, SnapshotReason } from '@warren/contracts'
import { linkBegun } from '../store/ended-link.ts'
import type { Change, SessionState } from '../store/state.ts'
import type { AuthenticationCreds } from './baileys.ts'
import {
  accountOf,
  CREDENTIALS,
  credentialsChange,
  isLinked,
  linkChange,
  OF_ONE_DEVICE,
  PORTABLE,
} from './credentials.ts'
import { snapshotOfLink } from './snapshots.ts'

/**
 * Puts a link in the place of the one before.
 * @param keys what else belongs to it
 * @returns steps to apply one after the other, without waiting between them. The last one does it; those before it only add to the archive.
 */
export function adoption(
  state: SessionState,
  creds: AuthenticationCreds,
  { now, keys = [], reason = 'replaced' }: { now: Date; keys?: readonly Change[]; reason?: SnapshotReason },
): Change[][] {
  const { parts, entry } = snapshotOfLink(state, reason, now)
  const gone = OF_ONE_DEVICE.flatMap((type) =>
    [...state.all(type)].map(([id]): Change => ({ type, id, value: undefined })),
  )
  return [...parts, [...entry, ...gone, credentialsChange(creds), linkChange(creds), linkBegun(), ...keys]]
}

/** Puts a link that comes from elsewhere in the place of the one before; undefined when these changes hold none. */
export function adoptedFrom(
  state: SessionState,
  changes: readonly Change[],
  now: Date,
): { account: Account; steps: Change[][] } | undefined {
  const creds = changes.find(({ type, id }) => type === CREDENTIALS.type && id === CREDENTIALS.id)?.value as
    | AuthenticationCreds
    | undefined
  if (!creds?.noiseKey?.private || !creds.signedIdentityKey?.private || !isLinked(creds)) return undefined
  const account = accountOf(creds)
  const keys = changes.filter(({ type }) => type !== CREDENTIALS.type && PORTABLE.includes(type))
  return account && { account, steps: adoption(state, creds, { now, keys }) }
}
