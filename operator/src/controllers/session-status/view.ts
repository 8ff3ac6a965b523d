import type { Account, SessionDoc, SessionStatus, WhatsAppInstance } from '@warren/contracts'
import type { ContainerStatus, SessionPod } from '@warren/runtime/cluster'
import { type Ownership, ownershipOf } from '../../pods/ownership.ts'
import { isHeld, linkedAccount } from '../../session-state.ts'

/** All that the status is made from. */
export type StatusView = {
  readonly instance: WhatsAppInstance
  readonly pod: SessionPod | undefined
  readonly session: SessionDoc | null
  readonly now: Date
}

/** The same, looked at once. */
export type Facts = {
  readonly instance: WhatsAppInstance
  readonly deleting: boolean
  readonly suspended: boolean
  readonly pod: SessionPod | undefined
  readonly podOwnership: Ownership | undefined
  readonly container: ContainerStatus | undefined
  /** What the session last said of itself; undefined when it never ran. */
  readonly said: SessionStatus | undefined
  readonly account: Account | undefined
  /** Whether a process stands behind it now. */
  readonly live: boolean
}

export function factsOf({ instance, pod, session, now }: StatusView): Facts {
  const podOwnership = pod && ownershipOf(pod, instance)
  const container = podOwnership === 'ours' ? pod?.status.containerStatuses?.[0] : undefined
  const running = container?.state.running !== undefined && !pod?.metadata.deletionTimestamp
  return {
    instance,
    deleting: instance.metadata.deletionTimestamp !== undefined,
    suspended: instance.spec.operatingMode === 'Suspended',
    pod,
    podOwnership,
    container,
    said: session?.status ?? undefined,
    account: linkedAccount(instance, session),
    live: running && session !== null && isHeld(session, now),
  }
}
