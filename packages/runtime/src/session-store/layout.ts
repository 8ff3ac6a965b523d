/** How positions and names become `_id`s that sort, and the constants that both implementations share. */
import type { SessionKey } from '@warren/contracts'

const DIGITS = 12

/** `_id` of the log document at a position. */
export function logId(session: SessionKey, n: number): string {
  return `${session}/${String(n).padStart(DIGITS, '0')}`
}

/** The position in a log document's `_id`. */
export function positionOf(logDocId: string): number {
  return Number(logDocId.slice(-DIGITS))
}

/** `_id` of a folded value. The value's own id may hold any character; organisation, instance and type hold no slash. */
export function keyId(session: SessionKey, type: string, id: string): string {
  return `${session}/${type}/${id}`
}

/** The inverse of {@link keyId}. */
export function parseKeyId(docId: string): { type: string; id: string } {
  const [, , type = '', ...rest] = docId.split('/')
  return { type, id: rest.join('/') }
}

/** Bounds of all `_id`s of a session: `0` is the character after `/`. */
export function idRange(session: SessionKey): { $gt: string; $lt: string } {
  return { $gt: `${session}/`, $lt: `${session}0` }
}

/**
 * How long the marker of a deleted value stays. It keeps a holder that was stopped in the middle of a fold, and wakes much later, from
 * bringing the value back.
 */
export const DELETION_MARKER_MS = 7 * 24 * 3600_000

/** How long a finished row of the queue stays, so that a repeated acceptance of the same message is recognised. */
export const DONE_ROW_MS = 7 * 24 * 3600_000
