import { isWarrenError, type WhatsAppInstance } from '@warren/contracts'
import type { OperatorContext } from '../../context.ts'
import { podKeyOf } from '../../pods/pod-names.ts'
import { sessionPodOf } from '../../pods/session-pod.ts'
import type { Obstacle } from '../../pods/verdicts.ts'
import { queueKeyOf } from '../../resource-key.ts'
import { ensureSecret } from './ensure-secret.ts'

/** Until what the cluster refused is tried again. */
const REFUSED_RETRY_MS = 15_000
/** A pod that exists and is not seen is most often one of ours that the cache is about to show. */
const UNSEEN_RETRY_MS = 2_000

type Refusal = {
  /** Undefined while it may solve itself within a moment. */
  readonly obstacle: Obstacle | undefined
  readonly untilMs: number
}

/** Makes pods, and remembers what the cluster answered where it did not take one. */
export function createPods(
  context: Pick<OperatorContext, 'cluster' | 'masterKey' | 'template' | 'clock' | 'logger' | 'metrics'>,
) {
  const { cluster, masterKey, template, clock, logger } = context
  const refusals = new Map<string, Refusal>()

  async function attempt(
    instance: WhatsAppInstance,
    ordinal: number,
  ): Promise<Obstacle | 'unseen' | undefined> {
    try {
      await ensureSecret(cluster.secrets, instance, { masterKey, ...template })
    } catch (error) {
      if (isWarrenError(error, 'already_exists')) return obstacleOf('PodRefused', error)
      return refusalIn(error)
    }
    try {
      await cluster.pods.create(sessionPodOf(instance, template, ordinal))
    } catch (error) {
      if (!isWarrenError(error, 'already_exists')) return refusalIn(error)
      return refusals.has(queueKeyOf(instance.metadata)) ? obstacleOf('PodForeign', error) : 'unseen'
    }
    return undefined
  }

  return {
    /**
     * @returns when to try again where the cluster refused: a quota, a policy, a namespace that ends, a name that is taken
     * @throws what else went wrong
     */
    async create(
      instance: WhatsAppInstance,
      ordinal: number,
    ): Promise<'created' | { readonly requeueAfterMs: number }> {
      const key = queueKeyOf(instance.metadata)
      // The refusal itself is written to the status, which calls us again: not a reason to ask the cluster again.
      const leftMs = (refusals.get(key)?.untilMs ?? 0) - clock.monotonicMs()
      if (leftMs > 0) return { requeueAfterMs: leftMs }
      const answer = await attempt(instance, ordinal)
      if (answer === undefined) {
        refusals.delete(key)
        told(instance, podKeyOf(instance.metadata, ordinal).name)
        return 'created'
      }
      const requeueAfterMs = answer === 'unseen' ? UNSEEN_RETRY_MS : REFUSED_RETRY_MS
      const obstacle = answer === 'unseen' ? undefined : answer
      if (obstacle) logger.warn('the cluster does not take the session pod', { instance: key, ...obstacle })
      refusals.set(key, { obstacle, untilMs: clock.monotonicMs() + requeueAfterMs })
      return { requeueAfterMs }
    },
    /** What the last attempt met. */
    refusalOf: (key: string): Obstacle | undefined => refusals.get(key)?.obstacle,
    forget: (key: string): void => void refusals.delete(key),
  }

  function told(instance: WhatsAppInstance, pod: string): void {
    context.metrics.sessionStarted()
    logger.info('session pod created', { instance: queueKeyOf(instance.metadata), pod })
    cluster.events.record(instance, {
      type: 'Normal',
      reason: 'PodCreated',
      note: `Created the session pod ${pod}.`,
    })
  }
}

/** @throws the error when it is none that the cluster's owner could mend */
function refusalIn(error: unknown): Obstacle {
  if (isWarrenError(error, 'forbidden') || isWarrenError(error, 'validation_failed'))
    return obstacleOf('PodRefused', error)
  throw error
}

function obstacleOf(reason: Obstacle['reason'], error: unknown): Obstacle {
  return { reason, message: (error as Error).message.slice(0, 500) }
}
