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
  /** Sets or removes the label of a namespace that names its organisation. */
  labelNamespace(namespace: string, organization: string | undefined): void
  /** Cuts a node off, or heals it. Pods that run there run on. */
  cutOff(node: string, on: boolean): void
  /** From now on new pods and secrets are refused with this answer (a quota, a policy, a namespace that ends); undefined ends it. */
  refuse(answer: WarrenError | undefined): void
  /** How many pods and secrets were refused. */
  refusals(): number
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
  const organizations = new Map<string, string>()
  const unreachable = new Map<string, string>()
  let refusal: WarrenError | undefined
  let refusals = 0
  let writes = 0

  /** The same, where the cluster refuses nothing. */
  function admitted<A, R>(create: (object: A) => Promise<R>): (object: A) => Promise<R> {
    return async (object) => {
      if (refusal) {
        refusals += 1
        throw refusal
      }
      return create(object)
    }
  }

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
    pods: counting({ ...pods.client, create: admitted(pods.client.create) }),
    secrets: counting({
      get: async (key: ResourceKey) => secrets.get(storeKey(key)),
      create: admitted(async (secret: Secret) => {
        if (secrets.has(storeKey(secret.metadata)))
          throw new WarrenError('already_exists', `a secret ${storeKey(secret.metadata)} exists already`)
        secrets.set(storeKey(secret.metadata), structuredClone(secret))
      }),
      update: async (key: ResourceKey, data: Secret['data']) => {
        const present = secrets.get(storeKey(key))
        if (!present) throw new WarrenError('not_found', `there is no secret ${storeKey(key)}`)
        secrets.set(storeKey(key), { ...present, data: structuredClone(data) })
      },
    }),
    namespaces: { organizationOf: async (namespace) => organizations.get(namespace) },
    nodes: { unreachableSince: async (node) => unreachable.get(node) },
    events: {
      record({ metadata: { namespace, name } }, event) {
        recorded.push({ ...event, about: { namespace, name } })
      },
    },
    watch: (kind, onKey) => (kind === 'instances' ? instances : pods).watch(onKey),
    labelNamespace(namespace, organization) {
      if (organization === undefined) organizations.delete(namespace)
      else organizations.set(namespace, organization)
    },
    cutOff(node, on) {
      if (on) unreachable.set(node, clock.now().toISOString())
      else unreachable.delete(node)
      kubelet.partition(node, on)
    },
    refuse(answer) {
      refusal = answer
    },
    kubelet,
    recorded,
    refusals: () => refusals,
    writes: () => writes,
    stop: () => pods.stop(),
  }
}
