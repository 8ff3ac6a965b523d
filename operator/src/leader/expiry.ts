import type { VersionedLease } from '@warren/runtime/cluster/kubernetes'

/** A Lease as one process has seen it. */
export type Sighting = {
  readonly lease: VersionedLease
  /** When this version was seen first, on this process's own monotonic clock. */
  readonly atMs: number
}

/** What was seen, after another look: the same version was seen when it was first seen. */
export function seen(before: Sighting | undefined, lease: VersionedLease, nowMs: number): Sighting {
  return before?.lease.version === lease.version ? before : { lease, atMs: nowMs }
}

/**
 * Milliseconds until we may take the lease; 0 when it is free. The times in it are other machines' and are not looked at: what
 * counts is how long it has not changed. The longer of its own duration and ours is waited for, so that replicas may be told different ones.
 */
export function freeInMs(
  sighting: Sighting | undefined,
  { identity, leaseMs, nowMs }: { identity: string; leaseMs: number; nowMs: number },
): number {
  if (!sighting) return 0
  const { record } = sighting.lease
  // Our own, from an attempt whose answer was lost.
  if (record.holder === '' || record.holder === identity) return 0
  return Math.max(0, sighting.atMs + Math.max(leaseMs, record.durationSeconds * 1_000) - nowMs)
}
