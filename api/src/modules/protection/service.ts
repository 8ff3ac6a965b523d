import { type InstanceId, type ProtectionReport, sessionKeyOf } from '@warren/contracts'
import type { SessionCalls } from '@warren/runtime/session-calls'
import { cutPage, decodeCursor, type Paged, type PageQuery } from '../../http/index.ts'
import { reviveReport } from '../../platform/index.ts'
import type { InstanceService } from '../instances/index.ts'
import type { IncidentDoc, IncidentRepo } from './repo.ts'

export type ProtectionService = {
  /**
   * What protects the account at this moment, from the session itself.
   * @throws WarrenError `session_unavailable`, `session_timeout`
   */
  get(organization: string, instance: InstanceId): Promise<ProtectionReport>
  /** Ends a pause, or a slow-down. @throws WarrenError `session_unavailable`, `session_timeout` */
  resume(organization: string, instance: InstanceId): Promise<ProtectionReport>
  /** Newest first; also of a session that does not run. */
  incidents(organization: string, instance: InstanceId, page: PageQuery): Promise<Paged<IncidentDoc>>
}

export function createProtectionService(deps: {
  repo: IncidentRepo
  instances: Pick<InstanceService, 'require'>
  commands: SessionCalls
}): ProtectionService {
  const { repo, instances, commands } = deps

  async function ask(
    command: 'protection.status' | 'protection.resume',
    organization: string,
    instance: InstanceId,
  ): Promise<ProtectionReport> {
    await instances.require(organization, instance)
    return reviveReport(await commands.call(sessionKeyOf({ organization, instance }), command, {}))
  }

  return {
    get: (organization, instance) => ask('protection.status', organization, instance),
    resume: (organization, instance) => ask('protection.resume', organization, instance),
    async incidents(organization, instance, { limit, cursor }) {
      await instances.require(organization, instance)
      const [before] = cursor === undefined ? [] : decodeCursor(cursor, ['seq'])
      const rows = await repo.list(
        organization,
        instance,
        limit + 1,
        before === undefined ? undefined : Number(before),
      )
      return cutPage(rows, limit, ({ seq }) => [seq])
    },
  }
}
