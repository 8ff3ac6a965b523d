import type { WhatsAppInstance } from '@warren/contracts'
import type { OperatorContext } from '../../context.ts'
import { loadPodSet } from '../../pods/load-pod-set.ts'
import type { PodSet } from '../../pods/pod-set.ts'
import { sessionPodOf } from '../../pods/session-pod.ts'
import type { Obstacle } from '../../pods/verdicts.ts'
import type { Result } from '../../queue/controller.ts'
import type { Pacer } from '../../queue/pacer.ts'
import { resourceKeyOf } from '../../resource-key.ts'
import { sessionKeyFor } from '../../session-state.ts'
import { asksSession, type DeletionStage, deletionStage } from '../deletion/decide.ts'
import { createPods } from './create-pod.ts'
import { decidePod, isToRun, type PodAction } from './decide.ts'
import { createEnds } from './ends.ts'

const LOGOUT_CHECK_MS = 1_000

/** Gives each instance the pod it needs, and takes away the one it does not. */
export function reconcilePod(context: OperatorContext, pacer: Pacer) {
  const { cluster, sessions, admission, verdicts, roll, template, clock, logger } = context
  const creation = createPods(context)
  const ends = createEnds(clock)

  return async function reconcile(key: string): Promise<Result> {
    const instance = await cluster.instances.get(resourceKeyOf(key))
    if (!instance) {
      for (const one of [admission, verdicts, roll, creation, ends]) one.forget(key)
      pacer.giveUp(key)
      return {}
    }
    const pods = await loadPodSet(context, instance)
    const desired = sessionPodOf(instance, template)
    const deletion = await deletionOf(instance, pods)
    const obstacle = await obstacleOf(instance, pods, deletion)
    const action = decidePod({ instance, pods, desired, deletion, obstacle })
    if (obstacle || !isToRun(instance, deletion)) roll.forget(key)
    if (action.do !== 'create') creation.forget(key)
    const pauseMs = action.do === 'create' ? ends.leftMs(key, desired) : 0
    // What the last attempt met stays in the way until an attempt succeeds.
    const met = pauseMs > 0 ? ends.obstacle(key) : creation.refusalOf(key)
    const verdict = (action.do === 'create' ? met : obstacle) ?? null
    if (verdicts.set(key, verdict)) context.onVerdict(key)
    const logoutMs = deletion === 'logout' ? LOGOUT_CHECK_MS : undefined
    if (pauseMs > 0) return soonest(pauseMs, pods.lostInMs, logoutMs)
    if (!isItsTurn(action, key, instance, pods)) return soonest(pods.lostInMs, logoutMs)
    const { requeueAfterMs } = await apply(action, key, instance)
    return soonest(requeueAfterMs, pods.lostInMs, logoutMs)
  }

  /** The database is asked only when the answer matters. */
  async function deletionOf(instance: WhatsAppInstance, pods: PodSet): Promise<DeletionStage> {
    if (!instance.metadata.deletionTimestamp) return 'none'
    const session = asksSession(instance) ? await sessions.session(sessionKeyFor(instance)) : null
    return deletionStage({ instance, pods, session, now: clock.now() })
  }

  async function obstacleOf(
    instance: WhatsAppInstance,
    pods: PodSet,
    deletion: DeletionStage,
  ): Promise<Obstacle | undefined> {
    if (isToRun(instance, deletion)) return admission.admit(instance, pods.current !== undefined)
    if (!pods.current && pods.surplus.length === 0) admission.rest(instance)
    return undefined
  }

  /** Starts and replacements come in turns, everything else at once. */
  function isItsTurn(action: PodAction, key: string, instance: WhatsAppInstance, pods: PodSet): boolean {
    const rolls = action.do === 'delete' && action.reason === 'TemplateChanged'
    if (rolls && !roll.mayReplace(instance, action.pod)) return false
    const stays = action.do === 'nothing' && !pods.current?.metadata.deletionTimestamp
    if (!rolls) roll.settle(key, stays ? pods.current?.metadata.uid : undefined)
    if (action.do === 'create' || (action.do === 'delete' && action.followed))
      return pacer.ask(key, instance.spec.organization)
    // Between the end of one pod and the start of the next the turn stays its own.
    if (action.do === 'delete' || !pods.current?.metadata.deletionTimestamp) pacer.giveUp(key)
    return true
  }

  async function apply(action: PodAction, key: string, instance: WhatsAppInstance): Promise<Result> {
    if (action.do === 'nothing') return {}
    if (action.do === 'create') {
      const result = await creation.create(instance, action.ordinal)
      if (result === 'created') pacer.spend(key)
      else pacer.giveUp(key)
      if (verdicts.set(key, creation.refusalOf(key) ?? null)) context.onVerdict(key)
      return result === 'created' ? {} : result
    }
    const { metadata, status } = action.pod
    await cluster.pods.delete(metadata, { uid: metadata.uid })
    if (action.reason === 'PodEnded') ends.ended(key, action.pod)
    logger.info('session pod stopped', { instance: key, pod: metadata.name, reason: action.reason })
    const why = status.reason === undefined ? action.reason : `${action.reason} (${status.reason})`
    cluster.events.record(instance, {
      type: action.reason === 'NodeUnreachable' || action.reason === 'PodEnded' ? 'Warning' : 'Normal',
      reason: 'PodStopped',
      note: `Stopped the session pod ${metadata.name}: ${why}.`,
    })
    return {}
  }
}

function soonest(...times: (number | undefined)[]): Result {
  const known = times.filter((ms) => ms !== undefined)
  return known.length > 0 ? { requeueAfterMs: Math.min(...known) } : {}
}
