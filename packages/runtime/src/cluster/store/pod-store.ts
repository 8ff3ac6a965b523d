import { isDeepStrictEqual } from 'node:util'
import { type ObjectMeta, type ResourceKey, WarrenError } from '@warren/contracts'
import type { Clock } from '../../clock/index.ts'
import type { PodStatus, SessionPod } from '../pod.ts'
import type { PodClient } from '../port.ts'
import { deepFreeze } from './deep-freeze.ts'
import { pageOf } from './page-of.ts'
import { createWatchHub, storeKey } from './watch-hub.ts'

/** A pod that a node took. */
export type RunningPod = {
  /** Ends it: SIGTERM, and SIGKILL after the grace. Resolves when nothing of it runs any more. */
  stop(graceMs: number): Promise<void>
}

/** Tells what a node sees of its pod, and at the first time which node it is. */
export type PodReport = (status: PodStatus, nodeName?: string) => void

/** The node's half: runs pods, restarts what ends, tells what it sees. */
export type Kubelet = { run(pod: SessionPod, report: PodReport): RunningPod }

export type PodStoreDeps = { readonly clock: Clock; readonly newUid: () => string; readonly kubelet: Kubelet }

/** The API server's half for pods. Pods are not persisted: on one machine they end with the process that runs them. */
export function createPodStore(deps: PodStoreDeps) {
  const pods = new Map<string, { pod: SessionPod; running?: RunningPod; ended?: Promise<void> }>()
  const hub = createWatchHub(() => [...pods.values()].map(({ pod }) => pod.metadata))
  let version = 0

  function put(key: string, pod: SessionPod): SessionPod {
    const next = deepFreeze({ ...pod, metadata: { ...pod.metadata, resourceVersion: String(++version) } })
    const entry = pods.get(key)
    if (entry) entry.pod = next
    else pods.set(key, { pod: next })
    hub.changed({ namespace: next.metadata.namespace, name: next.metadata.name })
    return next
  }

  /** Reports of a pod that is gone, or of a predecessor of its name, are late and mean nothing. */
  function report(key: string, uid: string, status: PodStatus, nodeName?: string): void {
    const pod = pods.get(key)?.pod
    if (pod?.metadata.uid !== uid) return
    const spec = nodeName === undefined || pod.spec.nodeName ? pod.spec : { ...pod.spec, nodeName }
    if (spec === pod.spec && isDeepStrictEqual(pod.status, status)) return
    put(key, { ...pod, spec, status })
  }

  function terminate(key: string): Promise<void> {
    const entry = pods.get(key)
    if (!entry) return Promise.resolve()
    if (!entry.pod.metadata.deletionTimestamp) {
      const { pod } = entry
      // As in Kubernetes, the end of the grace period.
      const endsAt = new Date(deps.clock.now().getTime() + pod.spec.terminationGracePeriodSeconds * 1000)
      put(key, { ...pod, metadata: { ...pod.metadata, deletionTimestamp: endsAt.toISOString() } })
    }
    entry.ended ??= (
      entry.running?.stop(entry.pod.spec.terminationGracePeriodSeconds * 1000) ?? Promise.resolve()
    ).then(() => {
      pods.delete(key)
      const { namespace, name } = entry.pod.metadata
      hub.changed({ namespace, name })
    })
    return entry.ended
  }

  const client: PodClient = {
    get: async (key) => pods.get(storeKey(key))?.pod,
    list: async (options = {}) =>
      pageOf(
        [...pods.values()].map(({ pod }) => pod),
        options,
      ),
    async create(manifest) {
      const key = storeKey(manifest.metadata)
      if (pods.has(key)) throw new WarrenError('already_exists', `a pod ${key} exists already`)
      const metadata = {
        ...structuredClone(manifest.metadata),
        uid: deps.newUid(),
        resourceVersion: '0',
        generation: 1,
        creationTimestamp: deps.clock.now().toISOString(),
      } as ObjectMeta
      const spec = structuredClone(manifest.spec)
      const created = put(key, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata,
        spec,
        status: { phase: 'Pending' },
      })
      const running = deps.kubelet.run(created, (status, node) => report(key, metadata.uid, status, node))
      const entry = pods.get(key)
      if (entry) entry.running = running
      return created
    },
    async delete(key, precondition = {}) {
      const pod = pods.get(storeKey(key))?.pod
      if (!pod) throw new WarrenError('not_found', `there is no pod ${storeKey(key)}`)
      const { resourceVersion = pod.metadata.resourceVersion, uid = pod.metadata.uid } = precondition
      if (resourceVersion !== pod.metadata.resourceVersion || uid !== pod.metadata.uid)
        throw new WarrenError('conflict', `the pod ${storeKey(key)} was changed meanwhile; read it again`)
      void terminate(storeKey(key))
    },
  }

  return {
    client,
    watch: hub.watch,
    /** Ends the pods that an object owned, as Kubernetes' garbage collector does. */
    collect(owner: ResourceKey & { readonly uid: string }): void {
      for (const [key, { pod }] of pods)
        if (pod.metadata.ownerReferences?.some(({ uid }) => uid === owner.uid)) void terminate(key)
    },
    /** Ends all pods; resolves when they are gone. */
    async stop(): Promise<void> {
      await Promise.all([...pods.keys()].map(terminate))
    },
  }
}
