import type { Clock } from '@warren/runtime/clock'
import { isTransient } from '@warren/runtime/mongo'
import type { Lease, SessionWriter } from '@warren/runtime/session-store'
import { decodeValue } from './codec.ts'
import type { Sealer } from './sealer.ts'
import type { SessionState } from './state.ts'
import type { UnfoldedChanges } from './unfolded.ts'

/** Records that are not kept in memory: read one by one, from wherever they are on their way to the archive. */
export type Archive = { read(type: string, id: string): Promise<unknown> }

/** Pause before a read that failed is repeated. */
const AGAIN_MS = 500
/** A database that is away for longer costs the lease, and with it the process. */
const ATTEMPTS = 30

export function createArchive(options: {
  writer: Pick<SessionWriter, 'archived'>
  lease: Lease
  sealer: Sealer
  unfolded: UnfoldedChanges
  state: Pick<SessionState, 'pendingChange'>
  clock: Pick<Clock, 'sleep'>
}): Archive {
  const { writer, lease, sealer, unfolded, state, clock } = options

  /** Who asks is a contact that could not read a message, and it does not ask for ever. */
  async function archived(type: string, id: string) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await writer.archived(lease, type, id)
      } catch (error) {
        if (attempt === ATTEMPTS || !isTransient(error)) throw error
        await clock.sleep(AGAIN_MS)
      }
    }
  }

  return {
    async read(type, id) {
      const pending = state.pendingChange(type, id)
      if (pending) return pending.value
      const durable = unfolded.get(type, id)
      if (durable) return decodeValue(type, durable.json)
      const folded = await archived(type, id)
      return folded && decodeValue(type, sealer.openValue(type, id, folded.n, folded.sealed))
    },
  }
}
