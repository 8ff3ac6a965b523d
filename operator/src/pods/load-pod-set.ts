import type { WhatsAppInstance } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { Cluster } from '@warren/runtime/cluster'
import { MOST_PODS, podKeysOf } from './pod-names.ts'
import { type NamedPod, type PodSet, podSetOf } from './pod-set.ts'

/** The pods of an instance as the cache has them now. */
export async function loadPodSet(
  { cluster, clock }: { readonly cluster: Pick<Cluster, 'pods' | 'nodes'>; readonly clock: Clock },
  instance: WhatsAppInstance,
): Promise<PodSet> {
  const found = await Promise.all(podKeysOf(instance.metadata).map((key) => cluster.pods.get(key)))
  const named: NamedPod[] = []
  for (const [index, pod] of found.entries()) {
    if (!pod) continue
    const node = pod.spec.nodeName
    const nodeUnreachableSince = node === undefined ? undefined : await cluster.nodes.unreachableSince(node)
    named.push({ pod, ordinal: index + 1, nodeUnreachableSince })
  }
  return podSetOf(instance, named, { names: MOST_PODS, now: clock.now() })
}
