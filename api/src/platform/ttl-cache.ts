/** Remembers look-ups for a few seconds, so that a busy caller does not cost a query a request. */
import type { Clock } from '@warren/runtime/clock'

export type TtlCache<V> = {
  /** The remembered value, or what `load` gives now. Concurrent callers of one key share one load; errors are not remembered. */
  get(key: string, load: () => Promise<V>): Promise<V>
  forget(key: string): void
}

/**
 * @param ttlMs how long a value may be out of date
 * @param maxEntries the oldest goes when there are more
 */
export function createTtlCache<V>(clock: Clock, ttlMs: number, maxEntries = 10_000): TtlCache<V> {
  const entries = new Map<string, { value: Promise<V>; until: number }>()
  return {
    get(key, load) {
      const known = entries.get(key)
      if (known && known.until > clock.monotonicMs()) return known.value
      entries.delete(key)
      const value = load()
      const entry = { value, until: clock.monotonicMs() + ttlMs }
      entries.set(key, entry)
      value.catch(() => entries.get(key) === entry && entries.delete(key))
      const oldest = entries.size > maxEntries ? entries.keys().next().value : undefined
      if (oldest !== undefined) entries.delete(oldest)
      return value
    },
    forget: (key) => void entries.delete(key),
  }
}
