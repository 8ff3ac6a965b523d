/**
 * Holding the session: a lease that is renewed by a third of its length, and a deadline of our own. The deadline is on this machine's
 * monotonic clock and before the lease ends, so that a holder that is cut off from the database has closed its socket by the time
 * another may begin.
 */
import { type ConnectionVitals, isWarrenError, type SessionStatus } from '@warren/contracts'
import type { Clock, Timer } from '@warren/runtime/clock'
import type { Logger } from '@warren/runtime/logger'
import { isTransient } from '@warren/runtime/mongo'
import type { Lease, SessionWriter, Takeover } from '@warren/runtime/session-store'

export type LeaseRequest = {
  readonly instance: string
  readonly organization: string
  /** Pod name and incarnation: two processes of one name are two holders. */
  readonly holder: string
  /** Where it runs, if no other process of this session can run there at the same time. */
  readonly place?: string
  readonly ttlMs: number
}

const WAIT_FIRST_MS = 250
const WAIT_MAX_MS = 1_500

/** A lease, and when it was asked for on the monotonic clock: it may have begun then, whenever the answer came. */
export type Held = { readonly takeover: Takeover; readonly sinceMs: number }

/** Takes the lease; waits while another holds it, or the database is away. Rejects with the signal's reason. */
export async function acquireLease(
  writer: Pick<SessionWriter, 'acquire'>,
  request: LeaseRequest,
  { clock, logger, signal }: { clock: Clock; logger: Logger; signal: AbortSignal },
): Promise<Held> {
  for (let wait = WAIT_FIRST_MS; ; wait = Math.min(wait * 2, WAIT_MAX_MS)) {
    signal.throwIfAborted()
    const sinceMs = clock.monotonicMs()
    try {
      return { takeover: await writer.acquire(request), sinceMs }
    } catch (error) {
      if (isWarrenError(error, 'lease_held'))
        logger.info('another process holds the session, waiting', { detail: error.message })
      else if (isTransient(error)) logger.warn('the lease was not taken, trying again', { error })
      else throw error
      await clock.sleep(wait, signal)
    }
  }
}

export type Keeper = {
  /**
   * Resolves at once, or when a lease that came late is renewed: nothing may be done with it before.
   * @param sinceMs when the lease was asked for, on the monotonic clock
   */
  start(sinceMs: number): Promise<void>
  /** Stores the status now: it changed. */
  report(): void
  /** Renews now and rejects when the lease is lost. */
  check(): Promise<void>
  /** Ends the lease so that a successor need not wait. */
  release(): Promise<void>
}

/** Pause after a renewal that failed: a short outage shall not cost a lease because the next turn comes too late. */
const RENEW_AGAIN_MS = 500
/** Share of the lease after whose passing without renewal the holder gives up. */
const GIVE_UP = 0.8

/**
 * @param onLost the lease is lost, or may be: close the socket and end the process
 * @param onReported a changed status is stored
 */
export function createKeeper(options: {
  writer: Pick<SessionWriter, 'renew' | 'release'>
  lease: Lease
  ttlMs: number
  clock: Clock
  logger: Logger
  /** What is stored with each renewal. Only another `status` counts as a change; `vitals` go with it and change all the time. */
  report: () => { status: SessionStatus; vitals?: ConnectionVitals; seq: number }
  onLost: (error: unknown) => void
  onReported: () => void
}): Keeper {
  const { writer, lease, ttlMs, clock, logger, onLost } = options
  let interval: Timer | undefined
  let deadline: Timer | undefined
  let soon: Timer | undefined
  let renewing: Promise<void> | undefined
  let again = false
  let reported: SessionStatus | undefined
  let ended = false

  function prolong(fromMs: number): void {
    deadline?.stop()
    if (ended) return
    const left = fromMs + ttlMs * GIVE_UP - clock.monotonicMs()
    deadline = clock.setTimer(Math.max(0, left), () =>
      lost(new Error('the lease could not be renewed in time')),
    )
  }

  function lost(error: unknown): void {
    if (ended) return
    end()
    onLost(error)
  }

  function end(): void {
    ended = true
    interval?.stop()
    deadline?.stop()
    soon?.stop()
  }

  /** One renewal at a time; a wish during one means one more, with the newest status. */
  function renew(): Promise<void> {
    if (renewing) {
      again = true
      return renewing
    }
    renewing = renewOnce().finally(() => {
      renewing = undefined
      if (again && !ended) {
        again = false
        renew().catch(() => {})
      }
    })
    return renewing
  }

  async function renewOnce(): Promise<void> {
    // The lease is prolonged from the moment of the request, whenever the answer comes.
    const startedMs = clock.monotonicMs()
    try {
      const { status, vitals, seq } = options.report()
      await writer.renew(lease, ttlMs, { status: vitals ? { ...status, vitals } : status, seq })
      prolong(startedMs)
      if (status !== reported) options.onReported()
      reported = status
    } catch (error) {
      if (isWarrenError(error, 'fenced')) lost(error)
      else {
        logger.warn('the lease was not renewed', { error })
        soon?.stop()
        if (!ended) soon = clock.setTimer(RENEW_AGAIN_MS, quietly)
      }
      throw error
    }
  }

  const quietly = () => void renew().catch(() => {})

  /** On a busy machine the answer takes seconds, and loading takes more: what is left may not last until the next turn, or is gone. */
  async function renewLate(): Promise<void> {
    for (;;) {
      const renewed = await renew().then(
        () => true,
        () => false,
      )
      if (renewed || ended) return
      await clock.sleep(RENEW_AGAIN_MS)
    }
  }

  return {
    async start(sinceMs) {
      const heldMs = clock.monotonicMs() - sinceMs
      // A lease that ran out on its way is no reason to end: no socket is open yet, and the renewal tells whether another has it.
      if (heldMs < ttlMs * GIVE_UP) prolong(sinceMs)
      interval = clock.setInterval(ttlMs / 3, quietly)
      if (heldMs >= ttlMs / 3) await renewLate()
    },
    report: () => {
      if (!ended) quietly()
    },
    check: renew,
    async release() {
      end()
      await renewing?.catch(() => {})
      await writer.release(lease, options.report())
    },
  }
}
