import { type Account, type InstanceId, type Snapshot, sessionKeyOf, WarrenError } from '@warren/contracts'
import type { SessionCalls } from '@warren/runtime/session-calls'
import type { InstanceService } from '../instances/index.ts'

export type SnapshotService = {
  /** @throws WarrenError `session_unavailable`, `session_timeout` */
  list(organization: string, instance: InstanceId): Promise<{ items: Snapshot[] }>
  /** @throws WarrenError `not_found`, `snapshot_unusable`, `conflict`, `suspended`, `session_unavailable` */
  restore(organization: string, instance: InstanceId, snapshot: string): Promise<{ account: Account }>
}

export function createSnapshotService(deps: {
  instances: Pick<InstanceService, 'require'>
  commands: SessionCalls
}): SnapshotService {
  const { instances, commands } = deps
  return {
    async list(organization, instance) {
      await instances.require(organization, instance)
      return commands.call(sessionKeyOf({ organization, instance }), 'session.snapshots', {})
    },
    async restore(organization, instance, snapshot) {
      const { spec } = await instances.require(organization, instance)
      if (spec.operatingMode === 'Suspended') throw new WarrenError('suspended')
      return commands.call(sessionKeyOf({ organization, instance }), 'session.restore', { snapshot })
    },
  }
}
