import { FINALIZER, RESTARTED_AT_ANNOTATION, type WhatsAppInstance } from '@warren/contracts'
import type { SessionPod, SessionPodManifest } from '@warren/runtime/cluster'
import { TEMPLATE_HASH_ANNOTATION } from '../../pods/labels.ts'
import { ownershipOf } from '../../pods/ownership.ts'
import type { DeletionStage } from '../deletion/decide.ts'

export type PodView = {
  readonly instance: WhatsAppInstance
  readonly pod: SessionPod | undefined
  /** The pod that the instance should have if it should have one. */
  readonly desired: SessionPodManifest
  readonly deletion: DeletionStage
}

/** Why a pod is ended; shown in the event. */
export type StopReason = 'Suspended' | 'Deleted' | 'RestartRequested' | 'TemplateChanged' | 'PodEnded'

export type PodAction =
  | { readonly do: 'nothing' }
  | { readonly do: 'create' }
  /** `paced`: only in its turn, because a new pod follows. */
  | { readonly do: 'delete'; readonly uid: string; readonly reason: StopReason; readonly paced: boolean }

const NOTHING: PodAction = { do: 'nothing' }

/** Does this instance need its session pod, do without it, or get a new one? At most one step at a time: the next change asks again. */
export function decidePod({ instance, pod, desired, deletion }: PodView): PodAction {
  const stopReason = reasonToStop(instance, deletion)
  // Without the finalizer a deletion could overtake the end of the session.
  const held = instance.metadata.finalizers?.includes(FINALIZER)
  if (!pod) return stopReason || !held ? NOTHING : { do: 'create' }
  // A predecessor's pod ends with its owner; its name is free then.
  if (ownershipOf(pod, instance) !== 'ours' || pod.metadata.deletionTimestamp) return NOTHING
  const { uid } = pod.metadata
  if (stopReason) return { do: 'delete', uid, reason: stopReason, paced: false }
  const replaceReason = reasonToReplace(pod, desired)
  return replaceReason ? { do: 'delete', uid, reason: replaceReason, paced: true } : NOTHING
}

function reasonToStop(instance: WhatsAppInstance, deletion: DeletionStage): StopReason | undefined {
  // A suspended session is woken for its logout.
  if (instance.metadata.deletionTimestamp) return deletion === 'logout' ? undefined : 'Deleted'
  return instance.spec.operatingMode === 'Suspended' ? 'Suspended' : undefined
}

function reasonToReplace(pod: SessionPod, desired: SessionPodManifest): StopReason | undefined {
  // Evicted, out of pods, node gone: such a pod never runs again.
  if (pod.status.phase === 'Failed' || pod.status.phase === 'Succeeded') return 'PodEnded'
  const has = pod.metadata.annotations ?? {}
  const wants = desired.metadata.annotations ?? {}
  if (has[RESTARTED_AT_ANNOTATION] !== wants[RESTARTED_AT_ANNOTATION] && wants[RESTARTED_AT_ANNOTATION])
    return 'RestartRequested'
  if (has[TEMPLATE_HASH_ANNOTATION] !== wants[TEMPLATE_HASH_ANNOTATION]) return 'TemplateChanged'
  return undefined
}
