import type { Clock } from '../clock/index.ts'
import type { Logger } from '../logger/index.ts'

/** Something that runs between a start and a stop. Either may be left out. */
export type Resource = {
  start?(): unknown
  stop?(): unknown
}

export type Lifecycle = {
  /**
   * Adds a resource, to be started after all added before and stopped before them. Added to a running lifecycle it must
   * be running already; `start` is not called then. A step that takes longer than its deadline (start 30 s, stop 10 s
   * unless told) counts as failed.
   */
  add(name: string, resource: Resource, deadlines?: { startMs?: number; stopMs?: number }): void
  /** Starts all in order. When one fails those before it are stopped again, then its error is thrown. */
  start(): Promise<void>
  /**
   * Stops all in reverse order. An error or an overrun is logged and does not keep the others from stopping. Later calls
   * return the same promise; a call during the start lets the running step end first, for 5 s at most: a process that waits
   * for a database must not outstay its grace period.
   */
  stop(): Promise<void>
}

/** How long a stop lets a step of the start go on. */
const STEP_MS = 5_000

type Entry = { name: string; resource: Resource; startMs: number; stopMs: number }

/** The start and stop of a process, in one place. */
export function createLifecycle({ logger, clock }: { logger: Logger; clock: Clock }): Lifecycle {
  const entries: Entry[] = []
  const running: Entry[] = []
  let state: 'new' | 'starting' | 'started' | 'stopping' = 'new'
  let starting: Promise<void> = Promise.resolve()
  let stopping: Promise<void> | undefined

  async function startAll() {
    for (const entry of entries) {
      if (state === 'stopping') return
      try {
        // Among the running ones before it has started: half a start may need a stop.
        running.push(entry)
        await withDeadline(clock, () => entry.resource.start?.(), entry.startMs)
        logger.debug('started', { resource: entry.name })
      } catch (cause) {
        await stopAll()
        throw new Error(`${entry.name} did not start`, { cause })
      }
    }
    if (state === 'starting') state = 'started'
  }

  async function stopAll() {
    state = 'stopping'
    for (let entry = running.pop(); entry; entry = running.pop()) {
      const { name, resource, stopMs } = entry
      try {
        await withDeadline(clock, () => resource.stop?.(), stopMs)
        logger.debug('stopped', { resource: name })
      } catch (error) {
        logger.error('did not stop cleanly', { resource: name, error })
      }
    }
  }

  return {
    add(name, resource, { startMs = 30_000, stopMs = 10_000 } = {}) {
      const entry = { name, resource, startMs, stopMs }
      if (state === 'new') entries.push(entry)
      else if (state === 'started') running.push(entry)
      else throw new Error(`${name} was added while ${state}`)
    },
    start() {
      if (state !== 'new') return Promise.reject(new Error(`start of a lifecycle that is ${state}`))
      state = 'starting'
      starting = startAll()
      return starting
    },
    stop() {
      if (!stopping) {
        state = 'stopping'
        stopping = withDeadline(clock, () => starting.catch(() => {}), STEP_MS)
          .catch(() => logger.warn('the start did not end in time to be stopped'))
          .then(stopAll)
      }
      return stopping
    },
  }
}

async function withDeadline(clock: Clock, step: () => unknown, ms: number): Promise<void> {
  const { promise: overrun, reject } = Promise.withResolvers<never>()
  const timer = clock.setTimer(ms, () => reject(new Error(`took longer than ${ms} ms`)))
  try {
    await Promise.race([step(), overrun])
  } finally {
    timer.stop()
  }
}
