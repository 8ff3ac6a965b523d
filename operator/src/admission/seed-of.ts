import type { WhatsAppInstance } from '@warren/contracts'
import type { SessionPod } from '@warren/runtime/cluster'

/** Reasons of the condition Scheduled that say that the operator before had given no place. */
const WITHOUT_PLACE: ReadonlySet<string> = new Set(['InstanceLimit', 'OrganizationMismatch', 'Suspended'])

/** Which instances hold a place when an operator begins: those with a pod, and those that its predecessor was about to give one. */
export function seedOf(
  instances: readonly WhatsAppInstance[],
  pods: readonly SessionPod[],
): { readonly instance: WhatsAppInstance; readonly runs: boolean }[] {
  const owners = new Set(
    pods.flatMap(({ metadata }) => metadata.ownerReferences?.map(({ uid }) => uid) ?? []),
  )
  return instances.map((instance) => ({
    instance,
    runs: owners.has(instance.metadata.uid) || wasGivenOne(instance),
  }))
}

function wasGivenOne({ spec, status }: WhatsAppInstance): boolean {
  const scheduled = status?.conditions?.find(({ type }) => type === 'Scheduled')
  return spec.operatingMode === 'Running' && scheduled !== undefined && !WITHOUT_PLACE.has(scheduled.reason)
}
