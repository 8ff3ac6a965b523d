import type { Account, SessionDoc, SessionStatus, WhatsAppInstance } from '@warren/contracts'
import type { ContainerStatus, SessionPod } from '@warren/runtime/cluster'
import type { PodSet } from '../../pods/pod-set.ts'
import type { Obstacle } from '../../pods/verdicts.ts'
import { isHeld, linkedAccount } from '../../session-state.ts'

/** All that the status is made from. */
export type StatusView = {
  readonly instance: WhatsAppInstance
  readonly pods: PodSet
  /** Why the instance gets no pod although it is to run. */
  readonly obstacle: Obstacle | null
  /** It did not come back after its pod was replaced by one of a newer template. */
  readonly rollFailed: boolean
  readonly session: SessionDoc | null
  readonly now: Date
}

/** The same, looked at once. */
export type Facts = {
  readonly instance: WhatsAppInstance
  readonly deleting: boolean
  readonly suspended: boolean
  readonly pods: PodSet
  /** The pod that runs the session, or is to. */
  readonly pod: SessionPod | undefined
  readonly obstacle: Obstacle | null
  readonly rollFailed: boolean
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

export function factsOf({ instance, pods, obstacle, rollFailed, session, now }: StatusView): Facts {
  const pod = pods.current
  const container = pod?.status.containerStatuses?.[0]
  const running = container?.state.running !== undefined && !pod?.metadata.deletionTimestamp
  return {
    instance,
    deleting: instance.metadata.deletionTimestamp !== undefined,
    suspended: instance.spec.operatingMode === 'Suspended',
    pods,
    pod,
    obstacle,
    rollFailed,
    container,
    crashLoop: container !== undefined && isCrashLoop(container, now),
    said: session?.status ?? undefined,
    account: linkedAccount(instance, session),
    // On a node that does not answer it may well go on, and its lease tells.
    live: (running || pods.lost.length > 0) && session !== null && isHeld(session, now),
  }
}

function isCrashLoop({ restartCount, state }: ContainerStatus, now: Date): boolean {
  if (restartCount < MANY_RESTARTS) return false
  return !state.running || now.getTime() - Date.parse(state.running.startedAt) < STABLE_AFTER_MS
}
