import type { Clock, Timer } from '@warren/runtime/clock'

/** `low` is for the first listing and resyncs: what a person just did goes first. */
export type Priority = 'normal' | 'low'

/**
 * A queue of keys, as controllers need it: a key waits at most once, and is worked on by one worker at a time; added again meanwhile, it
 * comes once more afterwards.
 */
export type WorkQueue = {
  add(key: string, options?: { priority?: Priority; afterMs?: number }): void
  /** Adds after a pause that doubles with each failure in a row: 5 ms, 10 ms, … up to a minute. Returns the pause in ms. */
  addAfterFailure(key: string, priority?: Priority): number
  /** The key succeeded: the next failure is the first again. */
  forget(key: string): void
  /** The next key; undefined once the queue has stopped. Give it back with {@link done}. */
  take(): Promise<string | undefined>
  done(key: string): void
  /** Keys that could be worked on now. */
  depth(): number
  /** Waiting takes resolve with undefined, delayed keys are dropped. */
  stop(): void
}

const FIRST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 60_000

export function createWorkQueue({
  clock,
  onAdd,
  onTake,
}: {
  clock: Clock
  onAdd?: () => void
  /** Told how long the key could have been worked on already. */
  onTake?: (waitedMs: number) => void
}): WorkQueue {
  /** Since when, in the order of the queue. */
  const waiting: Record<Priority, Map<string, number>> = { normal: new Map(), low: new Map() }
  const working = new Set<string>()
  /** Keys that were added while they were worked on. */
  const again = new Map<string, Priority>()
  const delayed = new Map<string, { dueMs: number; priority: Priority; timer: Timer }>()
  const failures = new Map<string, number>()
  const takers: ((key: string | undefined) => void)[] = []
  let stopped = false

  function addNow(key: string, priority: Priority): void {
    if (stopped) return
    onAdd?.()
    if (working.has(key)) {
      if (again.get(key) !== 'normal') again.set(key, priority)
      return
    }
    if (waiting.normal.has(key) || waiting[priority].has(key)) return
    const sinceMs = waiting.low.get(key) ?? clock.monotonicMs()
    if (priority === 'normal') waiting.low.delete(key)
    waiting[priority].set(key, sinceMs)
    const taker = takers.shift()
    if (taker) taker(next())
  }

  /** Of two delays of one key the earlier counts. */
  function addLater(key: string, priority: Priority, afterMs: number): void {
    if (stopped) return
    const dueMs = clock.monotonicMs() + afterMs
    const known = delayed.get(key)
    if (known && known.dueMs <= dueMs) return
    known?.timer.stop()
    const timer = clock.setTimer(afterMs, () => {
      delayed.delete(key)
      addNow(key, priority)
    })
    delayed.set(key, { dueMs, priority, timer })
  }

  function next(): string | undefined {
    for (const priority of ['normal', 'low'] as const) {
      const [first] = waiting[priority]
      if (!first) continue
      const [key, sinceMs] = first
      waiting[priority].delete(key)
      working.add(key)
      onTake?.(clock.monotonicMs() - sinceMs)
      return key
    }
    return undefined
  }

  function add(key: string, { priority = 'normal', afterMs = 0 }: Parameters<WorkQueue['add']>[1] = {}) {
    if (afterMs > 0) addLater(key, priority, afterMs)
    else addNow(key, priority)
  }

  return {
    add,
    addAfterFailure(key, priority = 'normal') {
      const count = failures.get(key) ?? 0
      failures.set(key, count + 1)
      const afterMs = Math.min(FIRST_PAUSE_MS * 2 ** count, LONGEST_PAUSE_MS)
      add(key, { priority, afterMs })
      return afterMs
    },
    forget: (key) => void failures.delete(key),
    take() {
      const key = next()
      if (key !== undefined || stopped) return Promise.resolve(key)
      return new Promise((resolve) => takers.push(resolve))
    },
    done(key) {
      working.delete(key)
      const priority = again.get(key)
      again.delete(key)
      if (priority) addNow(key, priority)
    },
    depth: () => waiting.normal.size + waiting.low.size,
    stop() {
      stopped = true
      for (const { timer } of delayed.values()) timer.stop()
      delayed.clear()
      waiting.normal.clear()
      waiting.low.clear()
      for (const taker of takers.splice(0)) taker(undefined)
    },
  }
}
