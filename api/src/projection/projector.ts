/** Brings the read models of one session up to its journal's head. */
import { parseSessionKey, type SessionKey, WarrenError } from '@warren/contracts'
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

const BATCH = 500
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
      const entries = await sessions.journal(session, seq, BATCH)
      const last = entries.at(-1)
      if (!last) return total
      await apply(scope, entries)
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
