/** Brings the read models of one session up to its journal's head. */
import { type JournalEntry, parseSessionKey, type SessionKey, WarrenError } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { Logger } from '@warren/runtime/logger'
import type { SessionReader } from '@warren/runtime/session-store'
import type { ApplyEntries } from './apply.ts'
import type { CursorRepo } from './cursors.ts'
import type { Scope } from './operations.ts'

export type Projector = {
  /**
   * Applies what is new; returns how many entries that was: none while another worker is at it. When the session's data was removed since
   * the last time, what was projected from it goes first.
   */
  catchUp(session: SessionKey): Promise<number>
  /**
   * Applies the whole journal again, as far as it is kept; corrects whatever differs from it. Waits for a worker that is at it.
   * @throws WarrenError `conflict` when that takes longer than a minute
   */
  rebuild(session: SessionKey): Promise<number>
}

/** Entries that are applied at a time, at most and at least. */
const LARGEST = 500
const SMALLEST = 8
/** A batch that takes longer than this is followed by smaller ones: a claim must outlast it, and so must the database's answer. */
const SLOW_MS = 2_000
const PATIENCE_MS = 60_000
const RETRY_MS = 100

export function createProjector(deps: {
  sessions: Pick<SessionReader, 'session' | 'journal'>
  cursors: CursorRepo
  apply: ApplyEntries
  /** Removes everything that was projected for an instance. */
  forget: (scope: Scope) => Promise<void>
  /** Tells this worker from all others. */
  owner: string
  clock: Clock
  /** Called with the number of entries of each batch. */
  onApplied?: (entries: number) => void
  logger: Logger
}): Projector {
  const { sessions, cursors, apply, forget, owner, clock, onApplied, logger } = deps
  let runs = 0
  /** As many as the database manages at present: otherwise one that is overloaded would be given the same large batch again and again. */
  let size = LARGEST

  async function applyBatch(scope: Scope, entries: readonly JournalEntry[]): Promise<void> {
    const startedMs = clock.monotonicMs()
    const smaller = () => {
      size = Math.max(SMALLEST, Math.floor(entries.length / 2))
    }
    try {
      await apply(scope, entries)
    } catch (error) {
      smaller()
      throw error
    }
    const tookMs = clock.monotonicMs() - startedMs
    if (tookMs > SLOW_MS) smaller()
    else if (tookMs < SLOW_MS / 4 && entries.length >= size) size = Math.min(LARGEST, size * 2)
  }

  async function project(session: SessionKey, again: boolean): Promise<number> {
    const scope = parseSessionKey(session)
    if (!scope) return 0
    // Each run claims for itself: two of one process are two workers.
    const me = `${owner}/${++runs}`
    const claimed = again ? await claimPatiently(session, me) : await cursors.claim(session, me)
    if (!claimed) return 0
    try {
      const base = (await sessions.session(session))?.base ?? 0
      let { seq } = claimed
      if (claimed.base < base) {
        logger.info('the session was removed; so is what was projected from it', { session })
        await forget(scope)
      }
      if (again || claimed.base < base) {
        seq = base
        if (!(await cursors.move(session, me, { seq, base }))) return 0
      }
      return await applyFrom(session, scope, me, { seq, base })
    } finally {
      await cursors.release(session, me)
    }
  }

  async function claimPatiently(session: SessionKey, me: string) {
    const deadline = clock.monotonicMs() + PATIENCE_MS
    for (;;) {
      const claimed = await cursors.claim(session, me)
      if (claimed) return claimed
      if (clock.monotonicMs() > deadline)
        throw new WarrenError('conflict', 'Another worker projects this journal.')
      await clock.sleep(RETRY_MS)
    }
  }

  async function applyFrom(
    session: SessionKey,
    scope: Scope,
    me: string,
    from: { seq: number; base: number },
  ): Promise<number> {
    let { seq } = from
    let total = 0
    for (;;) {
      const entries = await sessions.journal(session, seq, size)
      const last = entries.at(-1)
      if (!last) return total
      await applyBatch(scope, entries)
      seq = last.seq
      if (!(await cursors.move(session, me, { seq, base: from.base }))) return total
      total += entries.length
      onApplied?.(entries.length)
    }
  }

  return {
    catchUp: (session) => project(session, false),
    rebuild: (session) => project(session, true),
  }
}
