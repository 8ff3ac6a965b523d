import type { Lease, SessionWriter } from '@warren/runtime/session-store'
import { decodeValue } from './codec.ts'
import type { Sealer } from './sealer.ts'
import type { SessionState } from './state.ts'
import type { UnfoldedChanges } from './unfolded.ts'

/** Records that are not kept in memory: read one by one, from wherever they are on their way to the archive. */
export type Archive = { read(type: string, id: string): Promise<unknown> }

export function createArchive(options: {
  writer: Pick<SessionWriter, 'archived'>
  lease: Lease
  sealer: Sealer
  unfolded: UnfoldedChanges
  state: Pick<SessionState, 'pendingChange'>
}): Archive {
  const { writer, lease, sealer, unfolded, state } = options
  return {
    async read(type, id) {
      const pending = state.pendingChange(type, id)
      if (pending) return pending.value
      const durable = unfolded.get(type, id)
      if (durable) return decodeValue(type, durable.json)
      const folded = await writer.archived(lease, type, id)
      return folded && decodeValue(type, sealer.openValue(type, id, folded.n, folded.sealed))
    },
  }
}
