import type { WhatsAppInstance } from '@warren/contracts'
import type { SessionPod } from '@warren/runtime/cluster'
import type { OperatorContext } from '../../context.ts'
import { sessionPodOf } from '../../pods/session-pod.ts'
import type { Result } from '../../queue/controller.ts'
import type { Pacer } from '../../queue/pacer.ts'
import { resourceKeyOf } from '../../resource-key.ts'
import { sessionKeyFor } from '../../session-state.ts'
import { deletionStage } from '../deletion/decide.ts'
import { decidePod, type PodAction } from './decide.ts'
import { ensureSecret } from './ensure-secret.ts'

const LOGOUT_CHECK_MS = 1_000

/** Gives each instance the pod it needs, and takes away the one it does not. */
export function reconcilePod(context: OperatorContext, pacer: Pacer) {
  const { cluster, sessions, masterKey, template, clock, logger } = context

  return async function reconcile(key: string): Promise<Result> {
    const resource = resourceKeyOf(key)
    const instance = await cluster.instances.get(resource)
    if (!instance) {
      pacer.cancel(key)
      return {}
    }
    const pod = await cluster.pods.get(resource)
    const desired = sessionPodOf(instance, template)
    const deletion = await deletionOf(instance, pod)
    const action = decidePod({ instance, pod, desired, deletion })
    if (action.do === 'nothing' || (action.do === 'delete' && !action.paced)) pacer.cancel(key)
    else {
      const waitMs = pacer.waitMs(key)
      if (waitMs > 0) return { requeueAfterMs: waitMs }
    }
    await apply(action, instance)
    // A logout ends by the session's word or by time; neither is a change of an object here.
    return deletion === 'logout' ? { requeueAfterMs: LOGOUT_CHECK_MS } : {}
  }

  /** The database is asked only when the answer matters. */
  async function deletionOf(instance: WhatsAppInstance, pod: SessionPod | undefined) {
    if (!instance.metadata.deletionTimestamp) return 'none'
    const session = await sessions.session(sessionKeyFor(instance))
    return deletionStage({ instance, pod, session, now: clock.now() })
  }

  async function apply(action: PodAction, instance: WhatsAppInstance): Promise<void> {
    const { namespace, name } = instance.metadata
    const log = logger.child({ instance: `${namespace}/${name}` })
    if (action.do === 'create') {
      await ensureSecret(cluster.secrets, instance, { masterKey, ...template })
      await cluster.pods.create(sessionPodOf(instance, template))
      log.info('session pod created')
      cluster.events.record(instance, {
        type: 'Normal',
        reason: 'PodCreated',
        note: `Created the session pod ${name}.`,
      })
    }
    if (action.do === 'delete') {
      await cluster.pods.delete({ namespace, name }, { uid: action.uid })
      log.info('session pod stopped', { reason: action.reason })
      cluster.events.record(instance, {
        type: 'Normal',
        reason: 'PodStopped',
        note: `Stopped the session pod ${name}: ${action.reason}.`,
      })
    }
  }
}
