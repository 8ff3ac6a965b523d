/** Folds the log into the keys from time to time, so that a restart has little to replay. */
import type { Lease, SessionWriter } from '@warren/runtime/session-store'
import { isDeleted } from './codec.ts'
import type { Committer } from './committer.ts'
import type { Sealer } from './sealer.ts'
import type { UnfoldedChanges } from './unfolded.ts'

/** Commits between two folds. */
export const FOLD_EVERY = 200
/** Values sealed before the event loop gets its turn: a fold must not show as a peak in the latency of messages. */
const SLICE = 50

export type Folder = {
  /** Call after each commit; folds in the background when it is time. */
  consider(): void
  /** Folds now. Resolves when done; a fold that is under way is awaited instead. */
  fold(): Promise<void>
}

/**
 * @param folded the position up to which the keys are complete
 * @param onError a fold failed. It is harmless unless it says `fenced`, and tried again later.
 */
export function createFolder(options: {
  writer: Pick<SessionWriter, 'fold'>
  lease: Lease
  sealer: Sealer
  unfolded: UnfoldedChanges
  committer: Pick<Committer, 'position'>
  folded: number
  every?: number
  onError: (error: unknown) => void
}): Folder {
  const { writer, lease, sealer, unfolded, committer, every = FOLD_EVERY, onError } = options
  let next = options.folded + every
  let running: Promise<void> | undefined

  async function foldNow(): Promise<void> {
    const n = committer.position()
    next = n + every
    const list = unfolded.list()
    const changes = []
    for (const [index, change] of list.entries()) {
      const { type, id, json, expiresMs } = change
      changes.push({
        type,
        id,
        n: change.n,
        ...(isDeleted(change) ? {} : { sealed: sealer.value(type, id, change.n, json) }),
        ...(expiresMs === undefined ? {} : { expiresAt: new Date(expiresMs) }),
      })
      if (index % SLICE === SLICE - 1) await new Promise((resolve) => setImmediate(resolve))
    }
    await writer.fold(lease, n, changes)
    unfolded.remove(list)
  }

  function fold(): Promise<void> {
    running ??= foldNow().finally(() => {
      running = undefined
    })
    return running
  }

  return {
    fold,
    consider() {
      if (committer.position() >= next && !running) fold().catch(onError)
    },
  }
}
