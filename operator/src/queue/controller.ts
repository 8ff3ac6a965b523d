import { isWarrenError } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { Logger } from '@warren/runtime/logger'
import type { ControllerMetrics, ControllerView } from '../metrics.ts'
import type { Priority, WorkQueue } from './work-queue.ts'
import { createWorkQueue } from './work-queue.ts'

/** What a reconcile asks for: nothing, or to be called again although nothing changes. */
export type Result = { readonly requeueAfterMs?: number }

/** Brings one object to where it should be. It gets a key and looks everything up; what triggered it is not told. */
export type Reconcile = (key: string) => Promise<Result>

/** A queue and its workers. */
export type Controller = {
  readonly name: string
  enqueue(key: string, priority?: Priority): void
  start(): void
  /** Lets running reconciles end. */
  stop(): Promise<void>
  /** Undefined when well; else what is wrong: a reconcile that does not end. */
  problem(): string | undefined
}

/** Several calls in a row may each wait half a minute for a service that is away. */
const STUCK_AFTER_MS = 300_000

export function createController(deps: {
  readonly name: string
  readonly reconcile: Reconcile
  /** Reconciles at the same time; never two of one key. */
  readonly workers: number
  /** How long news of a key wait for more of it, so that what comes together is answered once; 0 unless told. Lists do not wait. */
  readonly settleMs?: number
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: (view: ControllerView) => ControllerMetrics
}): Controller {
  const { name, clock } = deps
  const logger = deps.logger.child({ controller: name })
  const busySince = new Map<string, number>()
  const metrics = deps.metrics({
    workers: deps.workers,
    running: () => [...busySince.values()].map((sinceMs) => (clock.monotonicMs() - sinceMs) / 1_000),
  })
  const queue: WorkQueue = createWorkQueue({
    clock,
    onAdd: () => metrics.added(),
    onTake: (waitedMs) => metrics.taken(waitedMs / 1_000),
  })
  let running: Promise<void>[] = []
  let stopping = false

  async function work(): Promise<void> {
    for (;;) {
      const key = await queue.take()
      if (key === undefined) return
      metrics.depth(queue.depth())
      busySince.set(key, clock.monotonicMs())
      await reconcileOnce(key)
      busySince.delete(key)
      queue.done(key)
    }
  }

  async function reconcileOnce(key: string): Promise<void> {
    const startedMs = clock.monotonicMs()
    const seconds = () => (clock.monotonicMs() - startedMs) / 1_000
    try {
      const { requeueAfterMs } = await deps.reconcile(key)
      queue.forget(key)
      if (requeueAfterMs !== undefined) queue.add(key, { afterMs: Math.max(1, requeueAfterMs) })
      metrics.reconciled(requeueAfterMs === undefined ? 'success' : 'requeue_after', seconds())
    } catch (error) {
      const retryInMs = queue.addAfterFailure(key)
      metrics.retried()
      // The cache was behind, or someone else was quicker: expected, and right at the next attempt.
      if (isExpected(error)) {
        metrics.reconciled('conflict', seconds())
        logger.debug('changed meanwhile, trying again', { key, error })
      } else {
        metrics.reconciled('error', seconds())
        if (isMistake(error)) metrics.panicked()
        logger.warn('reconcile failed, trying again', { key, retryInMs, error })
      }
    }
  }

  return {
    name,
    enqueue(key, priority = 'normal') {
      queue.add(key, { priority, afterMs: priority === 'low' ? 0 : (deps.settleMs ?? 0) })
      metrics.depth(queue.depth())
    },
    start() {
      running = Array.from({ length: deps.workers }, work)
    },
    async stop() {
      stopping = true
      queue.stop()
      await Promise.all(running)
    },
    problem() {
      if (stopping) return undefined
      for (const [key, sinceMs] of busySince)
        if (clock.monotonicMs() - sinceMs > STUCK_AFTER_MS)
          return `${name} has been busy with ${key} for more than ${STUCK_AFTER_MS / 60_000} minutes`
      return undefined
    },
  }
}

function isExpected(error: unknown): boolean {
  return (
    isWarrenError(error, 'conflict') ||
    isWarrenError(error, 'already_exists') ||
    isWarrenError(error, 'not_found')
  )
}

/** What Node throws where the program itself is wrong. */
function isMistake(error: unknown): boolean {
  return error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError
}
