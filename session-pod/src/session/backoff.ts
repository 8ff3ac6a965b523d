/** When to try again. Jitter keeps a hundred sessions from reconnecting in the same moment after a common outage. */

/** Attempts that are made quickly, as a lost packet deserves. */
export const QUICK_ATTEMPTS = 3
const QUICK_MAX_MS = 5_000
/** An outage of any length must be over 30 s after its cause: this, its jitter and a login on a busy machine stay below. */
const SLOW_MAX_MS = 15_000
/** What one moment cut off is back over two seconds, at least: a hundred sessions in the same second are a storm. */
const SPREAD_MS = 2_000

/**
 * Milliseconds until attempt `failures + 1`.
 * @param failures how many attempts failed in a row, from 1
 * @param random 0 to 1
 */
export function backOffMs(failures: number, random: number): number {
  if (failures <= QUICK_ATTEMPTS) return jitter(Math.min(QUICK_MAX_MS, 1000 * 2 ** (failures - 1)), random)
  return jitter(Math.min(SLOW_MAX_MS, QUICK_MAX_MS * 2 ** (failures - QUICK_ATTEMPTS)), random)
}

/** Milliseconds after an ending that asks for a new connection: up to one second, so that a server restart is no stampede. */
export function reconnectNowMs(random: number): number {
  return Math.round(random * 1000)
}

/** Milliseconds between attempts when the fault is not ours alone: 5 to 15 minutes. */
export function slowBackOffMs(random: number): number {
  return Math.round((5 + random * 10) * 60_000)
}

/**
 * Milliseconds before a replaced connection is tried again by the rightful holder: 10 to 20 s. Long enough to let a rival show itself by
 * another replacement, and after the third the session rests; short enough for a mistake of WhatsApp's to be over within 30 s.
 */
export function conflictMs(random: number): number {
  return Math.round(10_000 + random * 10_000)
}

/** From 80 % of it over a stretch of 40 %, but never a shorter one than {@link SPREAD_MS}. */
function jitter(ms: number, random: number): number {
  return Math.round(ms * 0.8 + random * Math.max(ms * 0.4, SPREAD_MS))
}
