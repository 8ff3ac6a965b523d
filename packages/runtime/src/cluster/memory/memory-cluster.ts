import { type ResourceKey, WarrenError } from '@warren/contracts'
import { type Clock, systemClock } from '../../clock/index.ts'
import type { Cluster, ClusterEvent, Secret } from '../port.ts'
import { createInstanceStore } from '../store/instance-store.ts'
import { createPodStore } from '../store/pod-store.ts'
import { storeKey } from '../store/watch-hub.ts'
import { createFakeKubelet, type FakeKubelet } from './fake-kubelet.ts'

/** A cluster in memory, for tests: the API server's rules are real, the node is a fake. */
export type MemoryCluster = Cluster & {
  readonly kubelet: FakeKubelet
  /** Everything that was recorded, in order. */
  readonly recorded: readonly (ClusterEvent & { readonly about: ResourceKey })[]
  /** How many writes of any kind succeeded: a converged operator makes none. */
  writes(): number
  stop(): Promise<void>
}

/** @param options.newUid unique text each time; by default a counter, so that runs are reproducible */
export function createMemoryCluster(options: { clock?: Clock; newUid?: () => string } = {}): MemoryCluster {
  const clock = options.clock ?? systemClock
  let uids = 0
  const newUid = options.newUid ?? (() => `uid-${++uids}`)
  const kubelet = createFakeKubelet(clock)
  const pods = createPodStore({ clock, newUid, kubelet })
  const secrets = new Map<string, Secret>()
  const instances = createInstanceStore({
    clock,
    newUid,
    onRemoved({ metadata }) {
      pods.collect(metadata)
      for (const [key, secret] of secrets)
        if (secret.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid)) secrets.delete(key)
    },
  })
  const recorded: (ClusterEvent & { about: ResourceKey })[] = []
  let writes = 0

  /** The same client, with its successful writes counted. */
  function counting<T extends object>(client: T): T {
    const reads = ['get', 'list']
    const entries = Object.entries(client as Record<string, (...args: unknown[]) => Promise<unknown>>)
    return Object.fromEntries(
      entries.map(([name, call]) => [
        name,
        async (...args: unknown[]) => {
          const result = await call(...args)
          if (!reads.includes(name)) writes += 1
          return result
        },
      ]),
    ) as T
  }

  return {
    instances: counting(instances.client),
    pods: counting(pods.client),
    secrets: counting({
      get: async (key: ResourceKey) => secrets.get(storeKey(key)),
      create: async (secret: Secret) => {
        if (secrets.has(storeKey(secret.metadata)))
          throw new WarrenError('already_exists', `a secret ${storeKey(secret.metadata)} exists already`)
        secrets.set(storeKey(secret.metadata), structuredClone(secret))
      },
    }),
    events: {
      record({ metadata: { namespace, name } }, event) {
        recorded.push({ ...event, about: { namespace, name } })
      },
    },
    watch: (kind, onKey) => (kind === 'instances' ? instances : pods).watch(onKey),
    kubelet,
    recorded,
    writes: () => writes,
    stop: () => pods.stop(),
  }
}
