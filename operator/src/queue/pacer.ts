import type { Clock } from '@warren/runtime/clock'

/** Spreads starts over time, so that a thousand sessions do not connect in the same second. */
export type Pacer = {
  /** Milliseconds until this key may start; 0 means now, and uses up its turn. The turn stays the same when asked again. */
  waitMs(key: string): number
  /** The key does not want to start any more. */
  cancel(key: string): void
}

/**
 * A token bucket that gives out turns.
 * @param perSecond starts a second in the long run, above 0
 * @param burst starts that may come at once, 1 or more
 */
export function createPacer({
  clock,
  perSecond,
  burst,
}: {
  clock: Clock
  perSecond: number
  burst: number
}): Pacer {
  const everyMs = 1_000 / perSecond
  const turns = new Map<string, number>()
  /** When the bucket is full again; it lies at most `burst` intervals before the next free turn. */
  let nextFullMs = clock.monotonicMs()

  return {
    waitMs(key) {
      const now = clock.monotonicMs()
      let turn = turns.get(key)
      if (turn === undefined) {
        nextFullMs = Math.max(nextFullMs, now) + everyMs
        turn = nextFullMs - burst * everyMs
        turns.set(key, turn)
      }
      // A timer may fire a fraction of a millisecond early.
      if (turn > now + 0.5) return Math.ceil(turn - now)
      turns.delete(key)
      return 0
    },
    cancel: (key) => void turns.delete(key),
  }
}
