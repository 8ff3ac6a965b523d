/** Snapshots of a session's credentials: what is kept before anything replaces or ends them, and can be restored. */
import type { Account } from './message.ts'

/**
 * - `connected`: taken when WhatsApp had accepted the credentials, at most once a day
 * - `loggedOut`: the link was about to be marked as ended
 * - `replaced`: another link was about to take their place
 * - `restore`: another snapshot was about to take their place
 * - `rotation`: everything was about to be sealed under a new key
 */
export const SNAPSHOT_REASONS = ['connected', 'loggedOut', 'replaced', 'restore', 'rotation'] as const
export type SnapshotReason = (typeof SNAPSHOT_REASONS)[number]

/** A snapshot as it is told of; its content never leaves the session but sealed. */
export type Snapshot = {
  readonly id: string
  /** ISO 8601. */
  readonly at: string
  readonly reason: SnapshotReason
  /** Whether it holds a whole link with its keys, of a device that is not the present one. */
  readonly whole: boolean
  /** Absent where the credentials were too damaged to tell. */
  readonly account?: Account
  /** Why it cannot be restored now, in a sentence; absent when it can. */
  readonly obstacle?: string
}
