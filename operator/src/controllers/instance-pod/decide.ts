import { FINALIZER, RESTARTED_AT_ANNOTATION, type WhatsAppInstance } from '@warren/contracts'
import type { SessionPod, SessionPodManifest } from '@warren/runtime/cluster'
import { TEMPLATE_HASH_ANNOTATION } from '../../pods/labels.ts'
import type { PodSet } from '../../pods/pod-set.ts'
import type { Obstacle } from '../../pods/verdicts.ts'
import type { DeletionStage } from '../deletion/decide.ts'

export type PodView = {
  readonly instance: WhatsAppInstance
  readonly pods: PodSet
  /** The pod that the instance should have if it should have one. */
  readonly desired: SessionPodManifest
  readonly deletion: DeletionStage
  /** Why the instance may not run, undefined when it may. */
  readonly obstacle: Obstacle | undefined
}

/** Why a pod is ended; shown in the event. */
export type StopReason =
  | 'Suspended'
  | 'Deleted'
  | 'OrganizationMismatch'
  | 'RestartRequested'
  | 'TemplateChanged'
  | 'PodEnded'
  | 'NodeUnreachable'
  | 'Superseded'

export type PodAction =
  | { readonly do: 'nothing' }
  /** Under which of the instance's names. */
  | { readonly do: 'create'; readonly ordinal: number }
  /** `followed`: it serves and another pod takes its place, so that it is ended in its turn only. */
  | {
      readonly do: 'delete'
      readonly pod: SessionPod
      readonly reason: StopReason
      readonly followed: boolean
    }

const NOTHING: PodAction = { do: 'nothing' }

/** Does this instance need its session pod, do without it, or get a new one? At most one step at a time: the next change asks again. */
export function decidePod(view: PodView): PodAction {
  const { instance, pods, desired } = view
  const stopReason = reasonToStop(view)
  const running = [pods.current, ...pods.surplus, ...pods.lost].find((pod) => pod && !isEnding(pod))
  if (stopReason) return running ? stop(running, stopReason) : NOTHING
  // It is asked to end so that it does when its node comes back; it is never forced to.
  const lost = pods.lost.find((pod) => !isEnding(pod))
  if (lost) return stop(lost, 'NodeUnreachable')
  const [surplus] = pods.surplus
  if (surplus) return stop(surplus, 'Superseded')
  if (!pods.current) return createUnlessBlocked(view)
  if (isEnding(pods.current)) return NOTHING
  const replaceReason = reasonToReplace(pods.current, desired, instance)
  if (!replaceReason) return NOTHING
  return { ...stop(pods.current, replaceReason), followed: replaceReason !== 'PodEnded' }
}

function createUnlessBlocked({ instance, pods, obstacle }: PodView): PodAction {
  // Without the finalizer a deletion could overtake the end of the session. A predecessor's pod ends with its owner; its name is free then.
  const held = instance.metadata.finalizers?.includes(FINALIZER)
  if (obstacle || !held || pods.blockedBy || pods.freeOrdinal === undefined) return NOTHING
  return { do: 'create', ordinal: pods.freeOrdinal }
}

const isEnding = (pod: SessionPod) => pod.metadata.deletionTimestamp !== undefined

const stop = (pod: SessionPod, reason: StopReason) =>
  ({ do: 'delete', pod, reason, followed: false }) as const satisfies PodAction

/** Whether the instance is to run a session at all, be it only for its logout. */
export function isToRun({ metadata, spec }: WhatsAppInstance, deletion: DeletionStage): boolean {
  // A suspended session is woken for its logout.
  return metadata.deletionTimestamp ? deletion === 'logout' : spec.operatingMode === 'Running'
}

function reasonToStop({ instance, deletion, obstacle }: PodView): StopReason | undefined {
  if (obstacle?.reason === 'OrganizationMismatch') return 'OrganizationMismatch'
  if (isToRun(instance, deletion)) return undefined
  return instance.metadata.deletionTimestamp ? 'Deleted' : 'Suspended'
}

function reasonToReplace(
  pod: SessionPod,
  desired: SessionPodManifest,
  { metadata }: WhatsAppInstance,
): StopReason | undefined {
  // Evicted, out of pods, node gone: such a pod never runs again.
  if (pod.status.phase === 'Failed' || pod.status.phase === 'Succeeded') return 'PodEnded'
  const has = pod.metadata.annotations ?? {}
  const wants = desired.metadata.annotations ?? {}
  const restartedAt = metadata.annotations?.[RESTARTED_AT_ANNOTATION]
  if (restartedAt && has[RESTARTED_AT_ANNOTATION] !== restartedAt) return 'RestartRequested'
  return has[TEMPLATE_HASH_ANNOTATION] === wants[TEMPLATE_HASH_ANNOTATION] ? undefined : 'TemplateChanged'
}
