/** Objects as a cluster holds them, for the tests of pure decisions. */
import {
  API_VERSION,
  FINALIZER,
  KIND,
  type SessionDoc,
  type SessionStatus,
  type WhatsAppInstance,
} from '@warren/contracts'
import type { SessionPod } from '@warren/runtime/cluster'
import { MOST_PODS } from '../pods/pod-names.ts'
import { type PodSet, podSetOf } from '../pods/pod-set.ts'
import { sessionPodOf } from '../pods/session-pod.ts'
import { PREPARED } from './operator-harness.ts'

export const NOW = new Date('2026-01-01T00:10:00.000Z')
const BEFORE = '2026-01-01T00:00:00.000Z'

export const INSTANCE: WhatsAppInstance = {
  apiVersion: API_VERSION,
  kind: KIND,
  metadata: {
    namespace: 'default',
    name: 'sales',
    uid: 'uid-of-sales',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: BEFORE,
    finalizers: [FINALIZER],
  },
  spec: {
    organization: 'acme',
    operatingMode: 'Running',
    deletionPolicy: 'Retain',
    pairing: { method: 'QR', maxAttempts: 3, showInStatus: false },
  },
}

/** The running pod that the operator would have made for it. */
export function podOf(instance: WhatsAppInstance): SessionPod {
  const { metadata, spec } = sessionPodOf(instance, PREPARED)
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...(metadata as SessionPod['metadata']),
      uid: 'uid-of-pod',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: BEFORE,
    },
    spec,
    status: {
      phase: 'Running',
      startTime: BEFORE,
      containerStatuses: [{ name: 'session', restartCount: 0, state: { running: { startedAt: BEFORE } } }],
    },
  }
}

/** What the instance's names show: its pods in order of their names, undefined where there is none. */
export function podsOf(instance: WhatsAppInstance, ...pods: readonly (SessionPod | undefined)[]): PodSet {
  const named = pods.flatMap((pod, index) =>
    pod ? [{ pod, ordinal: index + 1, nodeUnreachableSince: undefined }] : [],
  )
  return podSetOf(instance, named, { names: MOST_PODS, now: NOW })
}

/** A session whose holder is alive. */
export function sessionOf(status: Omit<SessionStatus, 'since'> | null): SessionDoc {
  return {
    _id: 'acme/default.sales',
    organization: 'acme',
    instance: 'default.sales',
    epoch: 4,
    holder: 'sales/1',
    expiresAt: new Date(NOW.getTime() + 15_000),
    status: status && { ...status, since: NOW },
    statusAt: NOW,
    seq: 0,
    base: 0,
    folded: 0,
  }
}
