/** Which limits hold at a moment: those that were set, less for a number that warms up, less again while risk slows it. Pure. */
import type { ProtectionSettings, ProtectionState } from '@warren/contracts'
import { DAY_MS, HOUR_MS, MINUTE_MS, type Tier } from './windows.ts'

/** Share of the hourly and daily limits on the first day; it doubles every {@link DOUBLING_MS} and is whole after 6.6 days. */
const FIRST_SHARE = 0.1
const DOUBLING_MS = 2 * DAY_MS
/** Share of all limits in the state `slow`. */
const SLOW_SHARE = 0.5

/** The share of the full limits that a number has, by the time since it was linked: 0.1 to 1, never falling. */
export function warmUpFactor(sinceMs: number, nowMs: number): number {
  return Math.min(1, FIRST_SHARE * 2 ** (Math.max(0, nowMs - sinceMs) / DOUBLING_MS))
}

/** Minute, hour and day, in this order; none when limits are off. Every limit is at least 1. */
export function tiersAt(
  settings: ProtectionSettings,
  at: { readonly state: ProtectionState; readonly linkedMs: number | undefined; readonly nowMs: number },
): Tier[] {
  const { mode, perMinute, perHour, perDay } = settings.limits
  if (mode === 'Unlimited') return []
  const slow = at.state === 'normal' ? 1 : SLOW_SHARE
  const warm =
    settings.warmUp === 'None' || at.linkedMs === undefined ? 1 : warmUpFactor(at.linkedMs, at.nowMs)
  const share = (limit: number, factor: number) => Math.max(1, Math.floor(limit * factor))
  return [
    // Within a conversation even a new number may be quick: only what adds up grows with the days.
    { windowMs: MINUTE_MS, limit: share(perMinute, slow) },
    { windowMs: HOUR_MS, limit: share(perHour, warm * slow) },
    { windowMs: DAY_MS, limit: share(perDay, warm * slow) },
  ]
}
