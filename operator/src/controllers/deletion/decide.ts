import { FINALIZER, type SessionDoc, type WhatsAppInstance } from '@warren/contracts'
import type { PodSet } from '../../pods/pod-set.ts'
import { linkedAccount } from '../../session-state.ts'

/**
 * How far the end of an instance has come.
 * - `logout`: the running session is to unlink its device at WhatsApp
 * - `stopPod`: nothing needs the session any more
 * - `removeData`: no process writes any more, and the policy says remove
 * - `release`: nothing is left to do
 */
export type DeletionStage = 'none' | 'logout' | 'stopPod' | 'removeData' | 'release'

/** How long a logout may take, pod start included, before the instance goes without. */
export const LOGOUT_DEADLINE_MS = 60_000

export type DeletionView = {
  readonly instance: WhatsAppInstance
  readonly pods: PodSet
  readonly session: SessionDoc | null
  readonly now: Date
}

/** Whether the session's record matters for the end of this instance; what keeps its data ends without the database. */
export const asksSession = ({ spec }: WhatsAppInstance) => spec.deletionPolicy !== 'Retain'

/** Pure: the same view gives the same stage, so a restarted operator goes on where the last one was. */
export function deletionStage({ instance, pods, session, now }: DeletionView): DeletionStage {
  const { deletionTimestamp, finalizers } = instance.metadata
  if (!deletionTimestamp || !finalizers?.includes(FINALIZER)) return 'none'
  if (
    instance.spec.deletionPolicy === 'Logout' &&
    linkedAccount(instance, session) &&
    session?.status?.phase !== 'banned' &&
    pods.blockedBy !== 'foreign' &&
    logoutTimeLeftMs(deletionTimestamp, now) > 0
  )
    return 'logout'
  // A pod whose node does not answer is not waited for: nothing that it writes counts once the session is removed or taken over.
  if (pods.current || pods.surplus.length > 0) return 'stopPod'
  return instance.spec.deletionPolicy === 'Retain' || session === null ? 'release' : 'removeData'
}

export function logoutTimeLeftMs(deletionTimestamp: string, now: Date): number {
  return Date.parse(deletionTimestamp) + LOGOUT_DEADLINE_MS - now.getTime()
}
