/**
 * Seals anew what an earlier key sealed, while the session works. Values go through the log like any change: small commits, fenced by
 * their position, folded like others. Killed at any moment, it leaves some values under the new key and some under the old, and both
 * open; the next process goes on. What the session itself changes meanwhile is under the new key already, and is left alone.
 */
import type { Clock } from '@warren/runtime/clock'
import { UnsealError } from '@warren/runtime/crypto'
import type { ArchivedKey, Lease, SessionWriter } from '@warren/runtime/session-store'
import { decodeValue } from './codec.ts'
import type { Committer } from './committer.ts'
import type { Folder } from './folder.ts'
import type { Loaded, Place } from './load.ts'
import type { Sealer } from './sealer.ts'
import type { Change, SessionState } from './state.ts'
import type { UnfoldedChanges } from './unfolded.ts'

export type Reseal = {
  /** Begins, unless everything is known to be under the present key. */
  start(loaded: Loaded): void
  stop(): void
  /** The same object until something of it changes; undefined before the start. */
  progress(): SealProgress | undefined
}

/** The present key, and how many records are not known to be sealed with it. */
export type SealProgress = { readonly keyId: number; readonly left: number }

/** Under which key everything is; absent while something is sealed anew. */
const MARKER = { type: 'seals', id: 'main' } as const

/** Values of one commit. */
const BATCH = 50
/** Records of the archive that are read at once. */
const PAGE = 200
/** Between two commits: the session's own come first. */
const PAUSE_MS = 50
/** After a failure; the database may be away. */
const AGAIN_MS = 5_000

export function createReseal(options: {
  writer: Pick<SessionWriter, 'archivedAfter' | 'archiveSize'>
  lease: Lease
  sealer: Sealer
  state: SessionState
  unfolded: UnfoldedChanges
  committer: Pick<Committer, 'flush'>
  folder: Pick<Folder, 'fold'>
  clock: Pick<Clock, 'sleep'>
  /** What to store before anything is sealed anew. */
  onBegin: () => readonly Change[]
  onProgress: () => void
  /** An attempt failed; harmless unless it says `fenced`, and repeated. */
  onError: (error: unknown) => void
}): Reseal {
  const { writer, lease, sealer, state, unfolded, committer, folder, clock } = options
  const { onBegin, onProgress, onError } = options
  const ending = new AbortController()
  let progress: SealProgress | undefined

  function tell(left: number): void {
    if (progress?.left === left) return
    progress = { keyId: sealer.keyId, left }
    onProgress()
  }

  const isStopped = () => ending.signal.aborted
  /** Whether it is on its way under the new key, or away. */
  const isChanged = ({ type, id }: Place) =>
    state.pendingChange(type, id) !== undefined || unfolded.get(type, id) !== undefined

  /** Lazily: no frame waits for it. */
  async function write(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return
    state.apply(changes, [], 'lazy')
    await committer.flush()
    await clock.sleep(PAUSE_MS, ending.signal)
  }

  async function resealValues(places: readonly Place[], archived: number): Promise<void> {
    for (let at = 0; at < places.length && !isStopped(); at += BATCH) {
      const changes = places.slice(at, at + BATCH).flatMap((place): Change[] => {
        const value = state.get(place.type, place.id)
        return value === undefined || isChanged(place) ? [] : [{ ...place, value }]
      })
      await write(changes)
      tell(Math.max(0, places.length - at - BATCH) + archived + 1)
    }
  }

  /** Undefined when it does not open: damaged, or sealed with a key that is not at hand. */
  function opened({ type, id, n, sealed, expiresAt }: ArchivedKey): Change | undefined {
    try {
      return { type, id, expiresAt, value: decodeValue(type, sealer.openValue(type, id, n, sealed)) }
    } catch (error) {
      if (error instanceof UnsealError) return undefined
      throw error
    }
  }

  /** @returns how many records do not open */
  async function resealArchive(size: number): Promise<number> {
    let seen = 0
    let closed = 0
    let after: Place | undefined
    while (!isStopped()) {
      const page = await writer.archivedAfter(lease, after, PAGE)
      after = page.at(-1)
      if (!after) break
      const stale = page.filter((record) => sealer.isStale(record.sealed) && !isChanged(record))
      for (let at = 0; at < stale.length && !isStopped(); at += BATCH) {
        const slice = stale.slice(at, at + BATCH).filter((record) => !isChanged(record))
        const changes = slice.map(opened).filter((change) => change !== undefined)
        closed += slice.length - changes.length
        await write(changes)
      }
      // What was written is in memory until it is folded.
      if (stale.length > 0) await folder.fold()
      seen += page.length
      tell(Math.max(1, size - seen) + closed)
    }
    return closed
  }

  async function run({ stale, staleLog }: Loaded): Promise<void> {
    const marked = (state.get(MARKER.type, MARKER.id) as { keyId: number } | undefined)?.keyId
    if (marked === sealer.keyId && stale.length === 0 && !staleLog) return tell(0)
    if (marked !== undefined) state.apply([...onBegin(), { ...MARKER, value: undefined }])
    const size = await writer.archiveSize(lease)
    tell(stale.length + size + 1)
    await resealValues(stale, size)
    const closed = await resealArchive(size)
    if (isStopped()) return
    // One that was under way may have begun before the last commit.
    await folder.fold()
    await folder.fold()
    if (closed === 0) state.apply([{ ...MARKER, value: { keyId: sealer.keyId } }], [], 'lazy')
    await committer.flush()
    tell(closed)
  }

  async function untilDone(loaded: Loaded): Promise<void> {
    while (!isStopped()) {
      try {
        return await run(loaded)
      } catch (error) {
        if (isStopped()) return
        onError(error)
        await clock.sleep(AGAIN_MS, ending.signal).catch(() => {})
      }
    }
  }

  return {
    start: (loaded) => void untilDone(loaded),
    stop: () => ending.abort(),
    progress: () => progress,
  }
}
