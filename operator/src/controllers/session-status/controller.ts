import { isDeepStrictEqual } from 'node:util'
import type { SessionDoc, WhatsAppInstance } from '@warren/contracts'
import type { OperatorContext } from '../../context.ts'
import type { Result } from '../../queue/controller.ts'
import { queueKeyOf, resourceKeyOf } from '../../resource-key.ts'
import { sessionKeyFor } from '../../session-state.ts'
import { statusOf } from './status-of.ts'
import { transitionEvents } from './transitions.ts'

/** Instances whose sessions are read with one query. */
const SWEEP_BATCH = 500

/** Tells in `status` what is. The only writer of it. */
export function reconcileStatus(context: OperatorContext) {
  const { cluster, sessions, logger } = context

  return async function reconcile(key: string): Promise<Result> {
    const instance = await cluster.instances.get(resourceKeyOf(key))
    if (!instance) return {}
    const session = await sessions.session(sessionKeyFor(instance))
    const status = await statusNow(context, instance, session)
    if (isDeepStrictEqual(status, instance.status)) return {}
    await cluster.instances.updateStatus(instance.metadata, status, instance.metadata)
    for (const event of transitionEvents(instance.status, status)) cluster.events.record(instance, event)
    if (status.phase !== instance.status?.phase)
      logger.info('phase changed', { instance: key, phase: status.phase })
    return {}
  }
}

/**
 * Finds the instances whose status is not what it should be, in batches: a session that died without a word, and news that Redis lost.
 * @returns their keys
 */
export async function sweepStatus(context: OperatorContext): Promise<string[]> {
  const { cluster, sessions } = context
  const stale: string[] = []
  let continueToken: string | undefined
  do {
    const page = await cluster.instances.list({
      limit: SWEEP_BATCH,
      ...(continueToken === undefined ? {} : { continueToken }),
    })
    const docs = await sessions.sessions(page.items.map(sessionKeyFor))
    const byKey = new Map(docs.map((doc) => [doc._id, doc]))
    for (const instance of page.items) {
      const session = byKey.get(sessionKeyFor(instance)) ?? null
      if (!isDeepStrictEqual(await statusNow(context, instance, session), instance.status))
        stale.push(queueKeyOf(instance.metadata))
    }
    continueToken = page.continueToken
  } while (continueToken !== undefined)
  return stale
}

async function statusNow(
  { cluster, clock }: OperatorContext,
  instance: WhatsAppInstance,
  session: SessionDoc | null,
) {
  const pod = await cluster.pods.get(instance.metadata)
  return statusOf({ instance, pod, session, now: clock.now() })
}
