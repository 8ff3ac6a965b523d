/**
 * Output commit: changes take effect in memory and go to the log in batches, one insert at a time. Whoever must not speak before its
 * words are safe (the socket, the live events) waits for the mark of durability to pass. So the database's latency is paid per batch
 * and not per message.
 */
import type { JournalEntry } from '@warren/contracts'
import type { Clock, Timer } from '@warren/runtime/clock'
import type { Lease, SessionWriter } from '@warren/runtime/session-store'
import { type EncodedChange, encodeBatch, encodeValue } from './codec.ts'
import type { Sealer } from './sealer.ts'
import type { Batch, SessionState, Urgency } from './state.ts'
import type { UnfoldedChanges } from './unfolded.ts'

/** How long lazy changes may wait for company. */
const LAZY_MS = 25
/** Least distance between the starts of two commits while the event loop is busy: fewer, larger batches cost less processor time. */
const BUSY_GAP_MS = 15

/** MongoDB's limit for a document is 16 MiB; the rest is for the entries beside it. */
const MAX_SEALED_BYTES = 16_000_000

export type Committer = {
  /** Everything up to this mark of the state is durable. */
  durable(): number
  /** Called after each commit, in order; `entries` are those of the commit. */
  onDurable(listener: (entries: readonly JournalEntry[]) => void): void
  /** Resolves when all that is pending now is durable. */
  flush(): Promise<void>
  /** Position of the last durable commit. */
  position(): number
  /** No more commits: what is not durable now never will be. */
  stop(): void
}

export type CommitterOptions = {
  readonly state: SessionState
  readonly writer: Pick<SessionWriter, 'append'>
  readonly lease: Lease
  /** Position of the takeover. */
  readonly n: number
  readonly sealer: Sealer
  readonly unfolded: UnfoldedChanges
  readonly clock: Clock
  /** Whether the event loop has no time to spare. */
  readonly busy: () => boolean
  /** Called once when a commit failed; the process must end, since nothing of it may leave any more. */
  readonly onFatal: (error: unknown) => void
  /** Called with the duration of each commit in seconds. */
  readonly onCommit?: (seconds: number) => void
}

export function createCommitter(options: CommitterOptions): Committer {
  const { state, writer, lease, sealer, unfolded, clock, busy, onFatal, onCommit } = options
  const listeners: ((entries: readonly JournalEntry[]) => void)[] = []
  const waiting: { mark: number; resolve: () => void }[] = []
  let position = options.n
  let durable = state.mark()
  let phase: 'idle' | 'due' | 'running' | 'ended' = 'idle'
  let lazyTimer: Timer | undefined
  let lastStartMs = Number.NEGATIVE_INFINITY

  state.onChange((urgency) => consider(urgency))

  function consider(urgency: Urgency): void {
    if (phase !== 'idle') return
    if (urgency === 'lazy') {
      lazyTimer ??= clock.setTimer(LAZY_MS, commitSoon)
      return
    }
    commitSoon()
  }

  /** Not at once: the rest of this turn of the event loop (the other encryptions of the same message) joins the batch. */
  function commitSoon(): void {
    lazyTimer?.stop()
    lazyTimer = undefined
    if (phase !== 'idle') return
    phase = 'due'
    const wait = busy() ? lastStartMs + BUSY_GAP_MS - clock.monotonicMs() : 0
    if (wait > 1) clock.setTimer(wait, () => void commit())
    else setImmediate(() => void commit())
  }

  async function commit(): Promise<void> {
    if (phase !== 'due') return
    phase = 'running'
    lastStartMs = clock.monotonicMs()
    const batch = state.cut()
    try {
      if (batch) await write(batch)
    } catch (error) {
      phase = 'ended'
      onFatal(error)
      return
    }
    // stop() may have been called while the insert was under way.
    if (phase !== 'running') return
    phase = 'idle'
    if (state.urgentMark() > durable || waiting.length > 0) commitSoon()
    else if (state.pending() > 0) consider('lazy')
  }

  async function write(batch: Batch): Promise<void> {
    const n = position + 1
    const changes: EncodedChange[] = batch.changes.map(({ type, id, value, expiresAt }) => ({
      type,
      id,
      json: encodeValue(type, value),
      ...(expiresAt ? { expiresMs: expiresAt.getTime() } : {}),
    }))
    const sealed = changes.length > 0 ? sealer.commit(n, encodeBatch(changes)) : undefined
    if (sealed && sealed.length > MAX_SEALED_BYTES)
      throw new Error(`one step changes ${sealed.length} bytes, more than a commit can hold`)
    await writer.append(lease, n, {
      ...(sealed ? { sealed } : {}),
      ...(batch.entries.length > 0 ? { entries: batch.entries } : {}),
    })
    position = n
    unfolded.add(n, changes)
    durable = batch.upTo
    onCommit?.((clock.monotonicMs() - lastStartMs) / 1000)
    for (const listener of listeners) listener(batch.entries)
    while (waiting[0] && waiting[0].mark <= durable) waiting.shift()?.resolve()
  }

  return {
    durable: () => durable,
    position: () => position,
    onDurable: (listener) => void listeners.push(listener),
    flush: () =>
      new Promise((resolve) => {
        if (durable >= state.mark()) return resolve()
        waiting.push({ mark: state.mark(), resolve })
        commitSoon()
      }),
    stop() {
      phase = 'ended'
      lazyTimer?.stop()
    },
  }
}
