/** Session processes for the tests of the operator: each running pod takes the lease, connects and renews, as a real one does. */
import {
  instanceIdOf,
  isWarrenError,
  type ResourceKey,
  type SessionPhase,
  type SessionStatus,
} from '@warren/contracts'
import type { SessionPod } from '@warren/runtime/cluster'
import type { Lease } from '@warren/runtime/session-store'
import { instanceKeyOfPod } from '../pods/pod-names.ts'
import { queueKeyOf } from '../resource-key.ts'
import { ACCOUNT, type Harness } from './operator-harness.ts'

const LEASE_MS = 15_000
const RENEW_MS = 5_000

/** @param phaseOf what the session of a pod comes to; undefined for one that never says a word */
export function liveSessions(
  it: Harness,
  phaseOf: (pod: SessionPod, now: Date) => SessionPhase | undefined = () => 'connected',
) {
  const running = new Map<string, { readonly pod: SessionPod; lease: Lease | undefined }>()

  async function look(key: ResourceKey): Promise<void> {
    const pod = await it.cluster.pods.get(key)
    const known = running.get(queueKeyOf(key))
    const begun = pod?.status.containerStatuses?.[0]?.state.running !== undefined
    if (known && (pod?.metadata.uid !== known.pod.metadata.uid || pod.metadata.deletionTimestamp)) {
      // A node that is cut off hears nothing of it.
      if (
        pod &&
        known.pod.spec.nodeName &&
        (await it.cluster.nodes.unreachableSince(known.pod.spec.nodeName))
      )
        return
      running.delete(queueKeyOf(key))
      if (known.lease) await it.sessions.release(known.lease, report('stopped')).catch(refused)
    }
    if (!pod || pod.metadata.deletionTimestamp || !begun || running.has(queueKeyOf(key))) return
    running.set(queueKeyOf(key), { pod, lease: undefined })
    await beat(queueKeyOf(key))
  }

  /** Takes the lease when it can be had, and renews it. */
  async function beat(key: string): Promise<void> {
    const session = running.get(key)
    const phase = session && phaseOf(session.pod, it.clock.now())
    if (!session || !phase) return
    const instance = instanceIdOf(instanceKeyOfPod(session.pod.metadata))
    const organization = session.pod.metadata.labels?.['warren.dev/organization'] ?? ''
    const holder = `${session.pod.metadata.name}/${session.pod.metadata.uid}`
    try {
      session.lease ??= (await it.sessions.acquire({ instance, organization, holder, ttlMs: LEASE_MS })).lease
      await it.sessions.renew(session.lease, LEASE_MS, report(phase))
      it.tell(`${organization}/${instance}`)
    } catch (error) {
      if (isWarrenError(error, 'fenced')) running.delete(key)
      refused(error)
    }
  }

  const report = (phase: SessionPhase): { status: SessionStatus; seq: number } => ({
    status: { phase, since: it.clock.now(), ...(phase === 'loggedOut' ? {} : { account: ACCOUNT }) },
    seq: 0,
  })
  const watch = it.cluster.watch('pods', (key) => void look(key))
  const beats = it.clock.setInterval(RENEW_MS, () => {
    for (const key of running.keys()) void beat(key)
  })
  return {
    /** Instances whose lease is held by a pod that runs now. */
    connected: (): string[] =>
      [...running].flatMap(([key, { pod, lease }]) =>
        lease && phaseOf(pod, it.clock.now()) === 'connected' ? [key] : [],
      ),
    stop(): void {
      watch.stop()
      beats.stop()
    },
  }
}

function refused(error: unknown): void {
  if (!isWarrenError(error, 'lease_held') && !isWarrenError(error, 'fenced')) throw error
}
