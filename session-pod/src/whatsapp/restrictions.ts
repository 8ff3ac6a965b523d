/** What WhatsApp tells of an account that may begin no new conversations, or soon may not. */
import type { Socket } from './baileys.ts'

export type RestrictionNews =
  /** The reach-out time-lock: begins or, without `until`, is lifted. */
  | { readonly reason: 'restricted'; readonly until?: Date }
  /** The quota of new conversations in a cycle. `until` is the end of the cycle. */
  | { readonly reason: 'capped'; readonly level: 'none' | 'warning' | 'capped'; readonly until?: Date }

/** WhatsApp's own client takes a time-lock without an end for one of a minute. */
const WITHOUT_END_MS = 60_000
/** A cycle whose end was not told. */
const CYCLE_MS = 24 * 3600_000

const LEVELS: Readonly<Record<string, 'none' | 'warning' | 'capped'>> = {
  NONE: 'none',
  FIRST_WARNING: 'warning',
  SECOND_WARNING: 'warning',
  CAPPED: 'capped',
}

export function watchRestrictions(
  socket: Socket,
  now: () => Date,
  tell: (news: RestrictionNews) => void,
): void {
  socket.ev.on('connection.update', ({ reachoutTimeLock: lock }) => {
    if (!lock) return
    const until = lock.timeEnforcementEnds ?? new Date(now().getTime() + WITHOUT_END_MS)
    tell({ reason: 'restricted', ...(lock.isActive ? { until } : {}) })
  })
  socket.ev.on('message-capping.update', ({ capping_status, cycle_end_timestamp }) => {
    const level = LEVELS[capping_status ?? '']
    if (!level) return
    const endMs = Number(cycle_end_timestamp) * 1000 || now().getTime() + CYCLE_MS
    tell({ reason: 'capped', level, until: new Date(endMs) })
  })
}
