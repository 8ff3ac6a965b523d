/** Brings the stored state back: the folded keys, and over them the commits that are not folded yet. */
import { WarrenError } from '@warren/contracts'
import { UnsealError } from '@warren/runtime/crypto'
import type { SessionWriter, Takeover } from '@warren/runtime/session-store'
import { decodeBatch, decodeValue } from './codec.ts'
import type { Sealer } from './sealer.ts'
import type { SessionState } from './state.ts'
import type { UnfoldedChanges } from './unfolded.ts'

/**
 * @throws WarrenError `credentials_unreadable` when something stored does not open with the given key
 */
export async function loadInto(
  state: SessionState,
  unfolded: UnfoldedChanges,
  from: { writer: Pick<SessionWriter, 'keys' | 'commitsAfter'>; takeover: Takeover; sealer: Sealer },
): Promise<void> {
  const { writer, takeover, sealer } = from
  try {
    for await (const { type, id, n, sealed } of writer.keys(takeover.lease)) {
      state.restore(type, id, decodeValue(type, sealer.openValue(type, id, n, sealed)))
    }
    for await (const { n, sealed } of writer.commitsAfter(takeover.lease, takeover.folded)) {
      if (!sealed) continue
      const changes = decodeBatch(sealer.openCommit(n, sealed))
      unfolded.add(n, changes)
      for (const { type, id, json, expiresMs } of changes) {
        if (expiresMs === undefined) state.restore(type, id, decodeValue(type, json))
      }
    }
  } catch (cause) {
    if (cause instanceof UnsealError) throw new WarrenError('credentials_unreadable', undefined, { cause })
    throw cause
  }
}
