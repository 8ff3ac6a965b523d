import type { SessionDoc, SessionKey, WhatsAppInstance } from '@warren/contracts'
import type { Clock, Timer } from '@warren/runtime/clock'
import type { SessionPod } from '@warren/runtime/cluster'
import type { Logger } from '@warren/runtime/logger'
import type { SessionReader } from '@warren/runtime/session-store'
import { queueKeyOf } from '../resource-key.ts'
import { sessionKeyFor } from '../session-state.ts'
import { decideRoll, LAST_OUTCOMES, type RollBounds, type RollCandidate } from './decide-roll.ts'
import { type Before, beforeOf, progressOf } from './progress-of.ts'

/** Replaces the pods of older templates a few at a time, each next one when the sessions before it are back. */
export type Roll = {
  /** Whether this pod may be replaced now. If not, its instance is told when its turn has come. */
  mayReplace(instance: WhatsAppInstance, pod: SessionPod): boolean
  /**
   * The instance needs no replacement (any more).
   * @param keptUid of the pod that stays, if one does: a turn that it had is not needed then
   */
  settle(key: string, keptUid?: string): void
  /** The instance has no session any more: nobody waits for it to come back. */
  forget(key: string): void
  /** Whether the session did not come back after its pod was replaced. */
  isLost(key: string): boolean
  paused(): boolean
  /** How many pods wait for their turn, and how many sessions are on their way. */
  counts(): { readonly waiting: number; readonly moving: number }
  /** From now on pods may be replaced. */
  start(): void
  stop(): Promise<void>
}

export type RollDeps = {
  readonly sessions: Pick<SessionReader, 'sessions'>
  /** The other instances, for the bound. */
  readonly fleet: {
    complete(): boolean
    running(): number
    unavailable(now: Date): ReadonlyMap<string, string>
  }
  readonly bounds: RollBounds
  readonly clock: Clock
  readonly logger: Logger
  /** The pod of this instance may be replaced now. */
  readonly onTurn: (key: string) => void
  /** A session did not come back, or came back after all. */
  readonly onLost: (key: string, lost: boolean) => void
  /** The roll pauses because of an instance, or goes on. */
  readonly onPaused: (paused: boolean, lost: readonly string[]) => void
}

type Candidate = RollCandidate & { readonly session: SessionKey }
type Move = {
  readonly key: string
  readonly organization: string
  readonly session: SessionKey
  readonly before: Before
  /** The pod that may be replaced. */
  podUid: string | undefined
  startedMs: number
  lost: boolean
}

/** After this time a session that is not back counts as lost. */
const BACK_WITHIN_MS = 120_000
const LOOK_EVERY_MS = 1_000

export function createRoll(deps: RollDeps): Roll {
  const { clock, logger } = deps
  const candidates = new Map<string, Candidate>()
  const moves = new Map<string, Move>()
  const outcomes: { readonly key: string; outcome: 'back' | 'lost' }[] = []
  let started = false
  let paused = false
  let timer: Timer | undefined
  let looking: Promise<void> = Promise.resolve()

  /** Looks soon when something may have changed, and then for as long as somebody waits or is on its way. */
  function lookIn(ms: number): void {
    if (!started || timer) return
    timer = clock.setTimer(ms, () => {
      looking = look()
        .catch((error) => logger.warn('the roll could not look at its sessions, it tries again', { error }))
        .then(() => {
          timer = undefined
          if (candidates.size > 0 || moves.size > 0) lookIn(LOOK_EVERY_MS)
        })
    })
  }

  async function look(): Promise<void> {
    await followMoves()
    // Sessions that the operator before took down are counted first.
    if (!deps.fleet.complete()) return
    const { paused: pausedNow, next } = decideRoll({
      running: deps.fleet.running(),
      unavailable: deps.fleet.unavailable(clock.now()),
      candidates: [...candidates.values()],
      moves: [...moves.values()],
      outcomes: outcomes.map(({ outcome }) => outcome),
      bounds: deps.bounds,
    })
    if (pausedNow !== paused) {
      paused = pausedNow
      const lost = outcomes.filter(({ outcome }) => outcome === 'lost').map(({ key }) => key)
      logger.warn(paused ? 'the roll pauses' : 'the roll goes on', { lost })
      deps.onPaused(paused, lost)
    }
    if (next.length > 0) await begin(next)
  }

  async function begin(keys: readonly string[]): Promise<void> {
    const chosen = keys.flatMap((key) => candidates.get(key) ?? [])
    const docs = await sessionsOf(chosen)
    for (const { key, organization, session } of chosen) {
      if (!candidates.delete(key)) continue
      const before = beforeOf(docs.get(session) ?? null, clock.now())
      const startedMs = clock.monotonicMs()
      moves.set(key, { key, organization, session, before, podUid: undefined, startedMs, lost: false })
      deps.onTurn(key)
    }
  }

  async function followMoves(): Promise<void> {
    if (moves.size === 0) return
    const docs = await sessionsOf([...moves.values()])
    for (const move of [...moves.values()]) {
      const progress = progressOf(move.before, docs.get(move.session) ?? null, clock.now())
      // Its turn to be replaced has not come: nobody misses it yet.
      if (progress === 'before') move.startedMs = clock.monotonicMs()
      if (progress === 'before' || progress === 'away') {
        if (!move.lost && clock.monotonicMs() - move.startedMs > BACK_WITHIN_MS) late(move)
        continue
      }
      moves.delete(move.key)
      if (move.lost) deps.onLost(move.key, false)
      if (progress === 'back') record(move.key, 'back')
      else unrecord(move.key)
    }
  }

  /** A session that did not serve before is not missed: it stops being waited for. */
  function late(move: Move): void {
    if (!move.before.connected) {
      moves.delete(move.key)
      return
    }
    move.lost = true
    record(move.key, 'lost')
    deps.onLost(move.key, true)
  }

  /** An outcome that is known better now stays in its place. */
  function record(key: string, outcome: 'back' | 'lost'): void {
    const known = outcomes.find((one) => one.key === key && one.outcome === 'lost')
    if (known) known.outcome = outcome
    else outcomes.push({ key, outcome })
    if (outcomes.length > LAST_OUTCOMES) outcomes.shift()
  }

  function unrecord(key: string): void {
    const index = outcomes.findIndex((one) => one.key === key && one.outcome === 'lost')
    if (index >= 0) outcomes.splice(index, 1)
  }

  async function sessionsOf(
    of: readonly { readonly session: SessionKey }[],
  ): Promise<ReadonlyMap<SessionKey, SessionDoc>> {
    const docs = await deps.sessions.sessions(of.map(({ session }) => session))
    return new Map(docs.map((doc) => [doc._id, doc]))
  }

  return {
    mayReplace(instance, { metadata }) {
      const key = queueKeyOf(instance.metadata)
      const move = moves.get(key)
      if (move) {
        // It is away already: another change of its template costs no further outage.
        if (move.podUid !== undefined && move.podUid !== metadata.uid) move.startedMs = clock.monotonicMs()
        move.podUid = metadata.uid
        return true
      }
      const { organization } = instance.spec
      const bornMs = Date.parse(metadata.creationTimestamp)
      candidates.set(key, { key, organization, bornMs, session: sessionKeyFor(instance) })
      lookIn(0)
      return false
    },
    settle(key, keptUid) {
      candidates.delete(key)
      const move = moves.get(key)
      // The spec was changed back before the pod was ended. A pod that stays would never come back, and hold its place in the bounds for ever.
      if (move && keptUid !== undefined && (move.podUid ?? keptUid) === keptUid) moves.delete(key)
    },
    forget(key) {
      candidates.delete(key)
      moves.delete(key)
      unrecord(key)
      if (paused) lookIn(0)
    },
    isLost: (key) => moves.get(key)?.lost === true,
    paused: () => paused,
    counts: () => ({ waiting: candidates.size, moving: moves.size }),
    start() {
      started = true
      if (candidates.size > 0) lookIn(0)
    },
    async stop() {
      started = false
      timer?.stop()
      await looking
      timer?.stop()
      timer = undefined
    },
  }
}
