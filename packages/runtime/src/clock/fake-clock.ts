import type { Clock, Timer } from './clock.ts'
import { sleepOn } from './sleep-on.ts'

/** A clock that stands still until it is told to move. */
export type FakeClock = Clock & {
  /**
   * Moves time on by `ms`, running due timers in order of their time (then of their creation) and letting promises
   * settle after each, so that a timer set by a fired timer fires within the same advance.
   */
  advance(ms: number): Promise<void>
  /** Moves only the wall clock, as an administrator or NTP would. Timers do not notice. */
  jumpWallClock(ms: number): void
  /** How many timers wait; 0 after a clean stop. */
  pendingTimers(): number
}

type Pending = { at: number; order: number; everyMs: number | undefined; fn: () => void }

/** A deterministic clock for tests, by default starting at 2026-01-01T00:00:00Z. */
export function createFakeClock(start: Date = new Date('2026-01-01T00:00:00.000Z')): FakeClock {
  let elapsedMs = 0
  let wallOffsetMs = start.getTime()
  let order = 0
  const pending = new Set<Pending>()

  function add(ms: number, fn: () => void, everyMs?: number): Timer {
    const entry: Pending = { at: elapsedMs + Math.max(0, ms), order: order++, everyMs, fn }
    pending.add(entry)
    return { stop: () => void pending.delete(entry) }
  }

  function nextDue(until: number): Pending | undefined {
    let next: Pending | undefined
    for (const entry of pending) {
      if (entry.at > until) continue
      if (!next || entry.at < next.at || (entry.at === next.at && entry.order < next.order)) next = entry
    }
    return next
  }

  // A turn of the event loop's check phase comes after all promise reactions that are ready now.
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
  const setTimer: Clock['setTimer'] = (ms, fn) => add(ms, fn)

  return {
    now: () => new Date(wallOffsetMs + elapsedMs),
    monotonicMs: () => elapsedMs,
    sleep: sleepOn(setTimer),
    setTimer,
    setInterval: (ms, fn) => add(ms, fn, Math.max(1, ms)),
    async advance(ms) {
      const until = elapsedMs + ms
      await settle()
      for (let due = nextDue(until); due; due = nextDue(until)) {
        elapsedMs = Math.max(elapsedMs, due.at)
        if (due.everyMs === undefined) pending.delete(due)
        else {
          due.at += due.everyMs
          due.order = order++
        }
        due.fn()
        await settle()
      }
      elapsedMs = until
    },
    jumpWallClock(ms) {
      wallOffsetMs += ms
    },
    pendingTimers: () => pending.size,
  }
}
