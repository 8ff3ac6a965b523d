import {
  FINALIZER,
  instanceIdOf,
  isWarrenError,
  type ResourceKey,
  type WhatsAppInstance,
} from '@warren/contracts'
import type { OperatorContext } from '../../context.ts'
import { loadPodSet } from '../../pods/load-pod-set.ts'
import type { Result } from '../../queue/controller.ts'
import { resourceKeyOf } from '../../resource-key.ts'
import { linkedAccount, sessionKeyFor } from '../../session-state.ts'
import { asksSession, deletionStage, logoutTimeLeftMs } from './decide.ts'

/** Pause between attempts to reach a session that is still starting. */
const LOGOUT_RETRY_MS = 1_000

/** Holds each instance by a finalizer, and ends its session as `spec.deletionPolicy` says before letting go. */
export function reconcileDeletion(context: OperatorContext) {
  const { cluster, sessions, calls, clock, logger } = context

  return async function reconcile(key: string): Promise<Result> {
    const resource = resourceKeyOf(key)
    const instance = await cluster.instances.get(resource)
    if (!instance) return {}
    if (!instance.metadata.deletionTimestamp) {
      await hold(instance)
      return {}
    }
    const id = instanceIdOf(instance.metadata)
    const session = asksSession(instance) ? await sessions.session(sessionKeyFor(instance)) : null
    const pods = await loadPodSet(context, instance)
    switch (deletionStage({ instance, pods, session, now: clock.now() })) {
      case 'logout':
        return logOut(instance, instance.metadata.deletionTimestamp)
      case 'removeData': {
        if (instance.spec.deletionPolicy === 'Logout' && linkedAccount(instance, session))
          warnStillLinked(instance)
        try {
          await sessions.remove(sessionKeyFor(instance))
        } catch (error) {
          // The process was killed without a word: its lease has to run out first.
          if (isWarrenError(error, 'lease_held')) return { requeueAfterMs: LOGOUT_RETRY_MS }
          throw error
        }
        logger.info('session data removed', { instance: id })
        await release(resource, instance)
        return {}
      }
      case 'release':
        await release(resource, instance)
        return {}
      default:
        // `stopPod` is the pod controller's; its end calls us again, and so does the time after which it is not waited for.
        return pods.lostInMs === undefined ? {} : { requeueAfterMs: pods.lostInMs }
    }
  }

  async function hold(instance: WhatsAppInstance): Promise<void> {
    const finalizers = instance.metadata.finalizers ?? []
    if (finalizers.includes(FINALIZER)) return
    await cluster.instances.setFinalizers(instance.metadata, [...finalizers, FINALIZER], instance.metadata)
  }

  /** Others' finalizers stay. */
  async function release(resource: ResourceKey, instance: WhatsAppInstance): Promise<void> {
    const others = (instance.metadata.finalizers ?? []).filter((name) => name !== FINALIZER)
    await cluster.instances.setFinalizers(resource, others, instance.metadata)
  }

  /** The session's own news tell of the success; until then it is asked again. */
  async function logOut(instance: WhatsAppInstance, deletionTimestamp: string): Promise<Result> {
    const id = instanceIdOf(instance.metadata)
    try {
      await calls.call(sessionKeyFor(instance), 'session.logout', {})
      cluster.events.record(instance, {
        type: 'Normal',
        reason: 'LoggedOut',
        note: 'The device was unlinked at WhatsApp.',
      })
      return { requeueAfterMs: LOGOUT_RETRY_MS }
    } catch (error) {
      const leftMs = logoutTimeLeftMs(deletionTimestamp, clock.now())
      logger.debug('logout is not possible yet', { instance: id, leftMs, error })
      return { requeueAfterMs: Math.max(1, Math.min(LOGOUT_RETRY_MS, leftMs)) }
    }
  }

  function warnStillLinked(instance: WhatsAppInstance): void {
    logger.warn('the device could not be unlinked in time', { instance: instanceIdOf(instance.metadata) })
    cluster.events.record(instance, {
      type: 'Warning',
      reason: 'LogoutTimedOut',
      note: 'The device could not be unlinked in time; it stays listed on the phone until it is removed there.',
    })
  }
}
