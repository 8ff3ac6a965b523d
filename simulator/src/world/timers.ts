/** Owns every timer and background job of one simulator, so that stop() leaves nothing behind and "idle" can be asked. */
export interface Timers {
  /** Runs `job` after `ms` milliseconds (0: at once, in a microtask); never after stop(). */
  after(ms: number, job: () => unknown): void
  /** Counts a promise as work in progress until it settles; its rejection goes to `onError`. */
  track(work: Promise<unknown>): void
  /** Jobs waiting or running. */
  pending(): number
  /** Forgets what waits; what runs goes on. */
  clear(): void
  /** As clear(), and nothing is taken on any more. */
  stop(): void
}

export const createTimers = (onError: (error: unknown) => void): Timers => {
  const waiting = new Set<NodeJS.Timeout>()
  let running = 0
  let stopped = false

  const track = (work: Promise<unknown>) => {
    running++
    work
      .catch((error) => {
        if (!stopped) onError(error)
      })
      .finally(() => running--)
  }
  const run = (job: () => unknown) => track(Promise.resolve().then(job))

  const clear = () => {
    for (const timer of waiting) clearTimeout(timer)
    waiting.clear()
  }

  return {
    after(ms, job) {
      if (stopped) return
      if (ms <= 0) return run(job)
      const timer = setTimeout(() => {
        waiting.delete(timer)
        run(job)
      }, ms)
      waiting.add(timer)
    },
    track,
    pending: () => waiting.size + running,
    clear,
    stop() {
      stopped = true
      clear()
    },
  }
}
