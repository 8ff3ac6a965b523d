import { isDeepStrictEqual } from 'node:util'
import type { SessionDoc, WhatsAppInstance } from '@warren/contracts'
import type { OperatorContext } from '../../context.ts'
import { loadPodSet } from '../../pods/load-pod-set.ts'
import type { Result } from '../../queue/controller.ts'
import { queueKeyOf, resourceKeyOf } from '../../resource-key.ts'
import { sessionKeyFor } from '../../session-state.ts'
import { statusOf } from './status-of.ts'
import { transitionEvents } from './transitions.ts'

/** Instances whose sessions are read with one query. */
const SWEEP_BATCH = 500

/** Tells in `status` what is. The only writer of it. */
export function reconcileStatus(context: OperatorContext) {
  const { cluster, sessions, fleet, verdicts, logger } = context

  return async function reconcile(key: string): Promise<Result> {
    const instance = await cluster.instances.get(resourceKeyOf(key))
    if (!instance) {
      fleet.forget(key)
      return {}
    }
    // The pod controller looks first, and calls then.
    if (verdicts.get(key) === undefined) return {}
    const session = await sessions.session(sessionKeyFor(instance))
    const status = await statusNow(context, instance, session)
    fleet.observe(instance, status)
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
      const key = queueKeyOf(instance.metadata)
      if (context.verdicts.get(key) === undefined) continue
      const session = byKey.get(sessionKeyFor(instance)) ?? null
      if (await mismatchTurned(context, instance)) stale.push(key)
      else if (!isDeepStrictEqual(await statusNow(context, instance, session), instance.status))
        stale.push(key)
    }
    continueToken = page.continueToken
  } while (continueToken !== undefined)
  return stale
}

/** The label of a namespace was set, changed or removed. */
async function mismatchTurned(
  { admission, verdicts }: OperatorContext,
  instance: WhatsAppInstance,
): Promise<boolean> {
  if (instance.spec.operatingMode !== 'Running' || instance.metadata.deletionTimestamp) return false
  const known = verdicts.get(queueKeyOf(instance.metadata))?.reason === 'OrganizationMismatch'
  return known !== (await admission.mismatches(instance))
}

async function statusNow(context: OperatorContext, instance: WhatsAppInstance, session: SessionDoc | null) {
  const { clock, roll, verdicts } = context
  const key = queueKeyOf(instance.metadata)
  return statusOf({
    instance,
    pods: await loadPodSet(context, instance),
    obstacle: verdicts.get(key) ?? null,
    rollFailed: roll.isLost(key),
    session,
    now: clock.now(),
  })
}
