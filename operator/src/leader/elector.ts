/**
 * One of several replicas leads: the holder of a Lease. A holder that could not renew stops by its own clock before anybody else may take the
 * lease; that is all that a lease can promise. What two leaders could spoil is guarded by epochs and resource versions besides.
 */
import { isWarrenError } from '@warren/contracts'
import type { Clock, Timer } from '@warren/runtime/clock'
import type { LeaseRecord, LeaseStore } from '@warren/runtime/cluster/kubernetes'
import type { Logger } from '@warren/runtime/logger'
import { freeInMs, type Sighting, seen } from './expiry.ts'

export type ElectionTimes = {
  /** How long a lease is respected after its last change. */
  readonly leaseMs: number
  /** After so long without a renewal a leader stops; less than `leaseMs`. */
  readonly renewMs: number
  /** Between attempts. */
  readonly retryMs: number
}

/** client-go's, which clusters are tuned for. */
export const ELECTION_TIMES: ElectionTimes = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2_000 }

export type Elector = {
  start(): void
  /**
   * Releases the lease, so that a successor need not wait. What leading meant must have ended before; where it has not, `release: false` leaves
   * the lease to run out, and `onLost` is called before that as if it had not been renewed.
   */
  stop(options?: { readonly release?: boolean }): Promise<void>
  leads(): boolean
  /** What only a restart can mend; undefined when well. */
  problem(): string | undefined
}

export type ElectorDeps = {
  readonly store: LeaseStore
  /** Unlike that of any other process, also of an earlier one with the same name. */
  readonly identity: string
  readonly times?: ElectionTimes
  readonly clock: Clock
  /** 0 to 1. */
  readonly random: () => number
  readonly logger: Logger
  /** Called at most once. */
  readonly onElected: () => void
  /** Called at most once, after `onElected`: the process must end now. */
  readonly onLost: () => void
}

/**
 * A turn is a write and a read. Each has a deadline, also where the API server puts it off several times (200 s), so a loop that has not turned
 * for this long does not turn any more.
 */
const STUCK_MS = 480_000

export function createElector(deps: ElectorDeps): Elector {
  const { store, identity, clock, random, logger, times = ELECTION_TIMES } = deps
  const stopping = new AbortController()
  let state: 'waiting' | 'leading' | 'lost' = 'waiting'
  let sighting: Sighting | undefined
  let deadline: Timer | undefined
  let turnedMs: number | undefined
  let running: Promise<void> = Promise.resolve()

  async function run(): Promise<void> {
    while (!stopping.signal.aborted && state !== 'lost') {
      turnedMs = clock.monotonicMs()
      try {
        await attempt()
      } catch (error) {
        // Somebody was quicker, or the API server is away: the next attempt, or the deadline, decides.
        const level =
          isWarrenError(error, 'conflict') || isWarrenError(error, 'already_exists') ? 'debug' : 'warn'
        logger[level]('an attempt at the lease failed', { leading: state === 'leading', error })
        await look().catch(() => {})
      }
      await clock.sleep(pauseMs(), stopping.signal).catch(() => {})
    }
  }

  async function look(): Promise<void> {
    const lease = await store.read()
    sighting = lease && seen(sighting, lease, clock.monotonicMs())
    if (state !== 'leading' || !sighting) return
    const { holder } = sighting.lease.record
    if (holder !== identity && holder !== '') lose(`${holder} holds the lease`)
  }

  async function attempt(): Promise<void> {
    if (state === 'waiting') {
      await look()
      if (freeMs() > 0) return
    }
    const askedMs = clock.monotonicMs()
    const lease = await store.write(nextRecord(), sighting?.lease.version)
    // It counts from when it was asked for; an answer that comes too late is none.
    const leftMs = askedMs + times.renewMs - clock.monotonicMs()
    sighting = seen(sighting, lease, clock.monotonicMs())
    if (stopping.signal.aborted || state === 'lost' || leftMs <= 0) return
    deadline?.stop()
    deadline = clock.setTimer(leftMs, () => lose('it could not be renewed in time'))
    if (state === 'leading') return
    state = 'leading'
    logger.info('leading', { identity })
    deps.onElected()
  }

  function lose(why: string): void {
    if (state !== 'leading') return
    state = 'lost'
    deadline?.stop()
    logger.error('the lease was lost', { why })
    deps.onLost()
  }

  function nextRecord(): LeaseRecord {
    const now = clock.now().toISOString()
    const before = sighting?.lease.record
    const mine = before?.holder === identity
    return {
      holder: identity,
      durationSeconds: times.leaseMs / 1_000,
      acquiredAt: mine ? before.acquiredAt : now,
      renewedAt: now,
      transitions: (before?.transitions ?? -1) + (mine ? 0 : 1),
    }
  }

  /** Jittered, so that replicas do not ask in step; but never later than the lease becomes free. */
  function pauseMs(): number {
    const pause = times.retryMs * (state === 'leading' ? 1 : 0.8 + 0.4 * random())
    if (state === 'leading') return pause
    return Math.min(pause, freeMs() || pause)
  }

  function freeMs(): number {
    return freeInMs(sighting, { identity, leaseMs: times.leaseMs, nowMs: clock.monotonicMs() })
  }

  return {
    start() {
      running = run()
    },
    async stop({ release = true } = {}) {
      stopping.abort(new Error('stopped'))
      await running
      if (state === 'leading' && !release) return
      deadline?.stop()
      if (state === 'lost') return
      state = 'lost'
      const before = sighting?.lease
      if (before?.record.holder !== identity) return
      await store
        .write({ ...before.record, holder: '', durationSeconds: 1 }, before.version)
        .then(() => logger.info('released the lease', { identity }))
        .catch((error) => logger.warn('the lease could not be released, it runs out', { error }))
    },
    leads: () => state === 'leading',
    problem() {
      const turning = turnedMs === undefined || clock.monotonicMs() - turnedMs < STUCK_MS
      if (turning || stopping.signal.aborted) return undefined
      return `leader election has stood still for ${STUCK_MS / 60_000} minutes`
    },
  }
}
