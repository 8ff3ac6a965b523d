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
  /** It keeps ending; a run of a few seconds between two ends does not count as well. */
  readonly crashLoop: boolean
  /** What the session last said of itself; undefined when it never ran. */
  readonly said: SessionStatus | undefined
  readonly account: Account | undefined
  /** Whether a process stands behind it now. */
  readonly live: boolean
}

/** From this many restarts it is a loop, */
const MANY_RESTARTS = 2
/** until a run has lasted this long. */
const STABLE_AFTER_MS = 60_000

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
    crashLoop: container !== undefined && isCrashLoop(container, now),
    said: session?.status ?? undefined,
    account: linkedAccount(instance, session),
    live: running && session !== null && isHeld(session, now),
  }
}

function isCrashLoop({ restartCount, state }: ContainerStatus, now: Date): boolean {
  if (restartCount < MANY_RESTARTS) return false
  return !state.running || now.getTime() - Date.parse(state.running.startedAt) < STABLE_AFTER_MS
}
