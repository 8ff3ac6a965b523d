/**
 * What a session knows and how it becomes durable. `state` holds it in memory, `groups` make one step of what belongs together, `committer`
 * brings steps to the log in batches, `folder` folds the log into the keys, `archive` reads what is not kept in memory.
 */
import type { Clock } from '@warren/runtime/clock'
import type { SealingKey } from '@warren/runtime/crypto'
import type { SessionWriter, Takeover } from '@warren/runtime/session-store'
import { createJournal } from '../session/journal.ts'
import { type Archive, createArchive } from './archive.ts'
import { type Committer, createCommitter } from './committer.ts'
import { createFolder } from './folder.ts'
import { createGroups, type Groups } from './groups.ts'
import { type Loaded, loadInto } from './load.ts'
import { createReseal, type Reseal } from './reseal.ts'
import { createSealer } from './sealer.ts'
import { type Change, createState, type SessionState } from './state.ts'
import { createUnfolded } from './unfolded.ts'

export type { Change, Loaded }

export type Store = {
  readonly state: SessionState
  readonly groups: Groups
  readonly committer: Committer
  readonly archive: Archive
  readonly reseal: Reseal
  /** Brings back what is stored. @throws WarrenError `credentials_unreadable` */
  load(): Promise<Loaded>
  /**
   * Gives up what did not open at load: it is recorded as deleted, where nothing has taken its place, and its commits leave the log. For
   * the moment in which a person's choice has put other credentials there. Resolves when the next process will find it so.
   */
  mend(loaded: Loaded): Promise<void>
}

/**
 * @param onFoldError a fold failed, or an attempt to seal anew; harmless unless it says `fenced`
 * @param beforeReseal what to store before anything is sealed under a new key
 */
export function createStore(options: {
  writer: SessionWriter
  takeover: Takeover
  /** The first one seals; what was sealed with any of them opens. */
  keys: readonly [SealingKey, ...SealingKey[]]
  clock: Clock
  busy: () => boolean
  onFatal: (error: unknown) => void
  onFoldError: (error: unknown) => void
  beforeReseal: (state: SessionState) => readonly Change[]
  onResealed: () => void
  onCommit: (seconds: number) => void
}): Store {
  const { writer, takeover, clock, busy, onFatal, onCommit } = options
  const { lease, n, folded } = takeover
  const state = createState(createJournal(takeover.seq))
  const unfolded = createUnfolded()
  const sealer = createSealer(options.keys, lease.instance)
  const committer = createCommitter({
    ...{ state, writer, lease, n, sealer, unfolded, clock },
    ...{ busy, onFatal, onCommit },
  })
  const folder = createFolder({
    ...{ writer, lease, sealer, unfolded, committer, folded },
    onError: options.onFoldError,
  })
  committer.onDurable(folder.consider)
  return {
    state,
    groups: createGroups(state),
    committer,
    archive: createArchive({ writer, lease, sealer, unfolded, state, clock }),
    reseal: createReseal({
      ...{ writer, lease, sealer, state, unfolded, committer, folder, clock },
      onBegin: () => options.beforeReseal(state),
      onProgress: options.onResealed,
      onError: options.onFoldError,
    }),
    load: () => loadInto(state, unfolded, { writer, takeover, sealer }),
    async mend({ damaged, damagedCommits }) {
      if (damaged.length + damagedCommits === 0) return
      const gone = damaged.filter(({ type, id }) => state.get(type, id) === undefined)
      state.apply(gone.map((place) => ({ ...place, value: undefined })))
      await committer.flush()
      await folder.fold()
    },
  }
}
