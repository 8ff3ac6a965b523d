import type { WhatsAppInstance } from '@warren/contracts'
import type { SessionPod } from '@warren/runtime/cluster'
import { ownershipOf } from './ownership.ts'

/** A pod under one of the instance's names. */
export type NamedPod = {
  readonly pod: SessionPod
  /** Which of the names it has, from 1. */
  readonly ordinal: number
  /** Since when its node has not been heard of, as an ISO time. */
  readonly nodeUnreachableSince: string | undefined
}

/** The pods of an instance, told apart by what may be expected of them. */
export type PodSet = {
  /** The one that runs the session, is to run it, or ends: there is no other while it is there. */
  readonly current: SessionPod | undefined
  /** Further pods of the instance that run. */
  readonly surplus: readonly SessionPod[]
  /** Pods of the instance on nodes that do not answer. They may still run; the epoch keeps them from writing once they are replaced. */
  readonly lost: readonly SessionPod[]
  /** Who has the instance's own name: a pod that is somebody else's, or one of a predecessor that ends. */
  readonly blockedBy: 'foreign' | 'predecessors' | undefined
  /** The first of the names that no pod has; undefined when all are taken. */
  readonly freeOrdinal: number | undefined
  /** Milliseconds until a pod that does not answer counts as lost; undefined when there is none. */
  readonly lostInMs: number | undefined
}

const DEFAULT_UNREACHABLE_SECONDS = 60

/**
 * Pure.
 * @param named pods that were found under the instance's names
 * @param names how many names there are
 */
export function podSetOf(
  instance: WhatsAppInstance,
  named: readonly NamedPod[],
  { names, now }: { readonly names: number; readonly now: Date },
): PodSet {
  const graceMs = (instance.spec.failover?.unreachableSeconds ?? DEFAULT_UNREACHABLE_SECONDS) * 1_000
  const seen = named.map((one) => ({
    ...one,
    ownership: ownershipOf(one.pod, instance),
    lostInMs:
      silentSinceMs(one) === undefined ? undefined : Number(silentSinceMs(one)) + graceMs - now.getTime(),
  }))
  const isLost = ({ lostInMs }: { lostInMs: number | undefined }) => lostInMs !== undefined && lostInMs <= 0
  const ours = seen.filter(({ ownership }) => ownership === 'ours')
  const [current, ...others] = ours.filter((one) => !isLost(one)).sort(firstServing)
  const named1 = seen.find(({ ordinal }) => ordinal === 1)
  const waits = seen.flatMap(({ lostInMs }) => (lostInMs !== undefined && lostInMs > 0 ? [lostInMs] : []))
  const taken = new Set(seen.map(({ ordinal }) => ordinal))
  const ordinals = Array.from({ length: names }, (_, index) => index + 1)
  return {
    current: current?.pod,
    surplus: others.map(({ pod }) => pod).filter(({ metadata }) => !metadata.deletionTimestamp),
    lost: ours.filter(isLost).map(({ pod }) => pod),
    blockedBy:
      named1 && named1.ownership !== 'ours' && !isLostPredecessor(named1) ? named1.ownership : undefined,
    freeOrdinal: ordinals.find((ordinal) => !taken.has(ordinal)),
    lostInMs: waits.length > 0 ? Math.min(...waits) : undefined,
  }

  function isLostPredecessor(one: (typeof seen)[number]): boolean {
    return one.ownership === 'predecessors' && isLost(one)
  }
}

/** Since when no word has come of a pod: its node is silent, or its end is overdue. */
function silentSinceMs({ pod, nodeUnreachableSince }: NamedPod): number | undefined {
  const { deletionTimestamp } = pod.metadata
  const times = [nodeUnreachableSince, deletionTimestamp].flatMap((time) => (time ? [Date.parse(time)] : []))
  return times.length > 0 ? Math.min(...times) : undefined
}

/** One that is to stay before one that ends, and the younger before the older: it holds the session or will. */
function firstServing(a: NamedPod, b: NamedPod): number {
  const ends = ({ pod }: NamedPod) => (pod.metadata.deletionTimestamp ? 1 : 0)
  const born = ({ pod }: NamedPod) => Date.parse(pod.metadata.creationTimestamp)
  return ends(a) - ends(b) || born(b) - born(a) || b.ordinal - a.ordinal
}
