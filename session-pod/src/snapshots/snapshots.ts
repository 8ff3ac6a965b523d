/** Lists snapshots of the credentials, and puts one in the place of the present ones. */
import { type Account, type Snapshot, WarrenError } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { Session } from '../session/session.ts'
import type { Archive } from '../store/archive.ts'
import type { Committer } from '../store/committer.ts'
import type { SessionState } from '../store/state.ts'
import {
  accountOf,
  listSnapshots,
  obstacleTo,
  restoration,
  type SnapshotRecord,
  snapshotContent,
} from '../whatsapp/index.ts'

export type Snapshots = {
  /** Newest first. */
  list(): Snapshot[]
  /**
   * Closes the connection, takes a snapshot of what is there, puts this one in its place, and connects. A process that is killed
   * meanwhile leaves either the one or the other, and the session at rest until a person restarts it.
   * @throws WarrenError `not_found`; `snapshot_unusable`; `conflict` when it is of another number than the one allowed, or another is being
   * restored
   */
  restore(id: string): Promise<Account>
}

export function createSnapshots(options: {
  state: SessionState
  archive: Archive
  committer: Pick<Committer, 'flush'>
  session: Session
  /** Resolves when no connection is left. */
  closed: () => Promise<void>
  /** Resolves when what did not open at load is out of the way. */
  mended: () => Promise<void>
  onlyPhone?: string
  clock: Clock
}): Snapshots {
  const { state, archive, committer, session, closed, mended, onlyPhone, clock } = options
  let busy = false

  /** @throws WarrenError when there is no such snapshot, or it cannot be restored */
  function usable(id: string): SnapshotRecord {
    const record = state.get('snapshot', id) as SnapshotRecord | undefined
    if (!record) throw new WarrenError('not_found', `there is no snapshot ${id}`)
    const obstacle = obstacleTo(state, record)
    if (obstacle) throw new WarrenError('snapshot_unusable', obstacle)
    return record
  }

  async function restore(id: string): Promise<Account> {
    const content = await snapshotContent(state, [id, usable(id)], archive.read)
    if (!content) throw new WarrenError('snapshot_unusable', 'A part of it is gone.')
    const account = accountOf(content.creds)
    if (!account) throw new WarrenError('snapshot_unusable', 'It names no account.')
    if (onlyPhone && account.phone !== onlyPhone)
      throw new WarrenError('conflict', `this instance is for the number ${onlyPhone}`)
    // A pairing may have ended while the archive was read; from the next line on none can.
    usable(id)
    session.dispatch({ type: 'disconnectRequested' })
    await closed()
    for (const step of restoration(state, content, clock.now())) state.apply(step)
    session.dispatch({ type: 'imported', account })
    await committer.flush()
    await mended()
    return account
  }

  return {
    list: () => listSnapshots(state),
    async restore(id) {
      if (busy) throw new WarrenError('conflict', 'a snapshot is being restored already')
      busy = true
      try {
        return await restore(id)
      } finally {
        busy = false
      }
    },
  }
}
