/** Brings the read models of one instance up to its journal's head. */
import type { InstanceId } from '@warren/contracts'
import type { Logger } from '@warren/runtime/logger'
import type { SessionReader } from '@warren/runtime/session-store'
import type { ApplyEntries } from './apply.ts'
import type { CursorRepo } from './cursors.ts'

export type Projector = {
  /**
   * Applies what is new; returns how many entries that was. May run for one instance in two places at once: that costs time and
   * changes nothing else.
   */
  catchUp(instance: InstanceId): Promise<number>
  /** Applies the whole journal again, as far as it is kept; corrects whatever differs from it. */
  rebuild(instance: InstanceId): Promise<number>
}

const BATCH = 500

export function createProjector(deps: {
  sessions: Pick<SessionReader, 'session' | 'journal' | 'head'>
  cursors: CursorRepo
  apply: ApplyEntries
  /** Called with the number of entries of each batch. */
  onApplied?: (entries: number) => void
  logger: Logger
}): Projector {
  const { sessions, cursors, apply, onApplied, logger } = deps
  const organizations = new Map<InstanceId, string>()

  /** Never changes for an instance: the session store refuses another organisation. */
  async function organizationOf(instance: InstanceId): Promise<string | undefined> {
    const known = organizations.get(instance)
    if (known !== undefined) return known
    const organization = (await sessions.session(instance))?.organization
    if (organization !== undefined) organizations.set(instance, organization)
    return organization
  }

  async function catchUp(instance: InstanceId): Promise<number> {
    const organization = await organizationOf(instance)
    if (organization === undefined) return 0
    const scope = { organization, instance }
    let cursor = await cursors.get(organization, instance)
    let total = 0
    for (;;) {
      const entries = await sessions.journal(instance, cursor, BATCH)
      const last = entries.at(-1)
      if (!last) {
        if (total > 0 || cursor === 0 || (await sessions.head(instance)) >= cursor) return total
        // The instance was removed with all its data and made anew: its journal begins again.
        logger.info('the journal has begun again', { instance })
        await cursors.reset(organization, instance)
        cursor = 0
        continue
      }
      await apply(scope, entries)
      await cursors.advance(organization, instance, last.seq)
      cursor = last.seq
      total += entries.length
      onApplied?.(entries.length)
      if (entries.length < BATCH) return total
    }
  }

  return {
    catchUp,
    async rebuild(instance) {
      const organization = await organizationOf(instance)
      if (organization === undefined) return 0
      await cursors.reset(organization, instance)
      return catchUp(instance)
    },
  }
}
