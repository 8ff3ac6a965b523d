import { type ResourceKey, WarrenError } from '@warren/contracts'
import type { Clock } from '../../clock/index.ts'
import type { Logger } from '../../logger/index.ts'
import type { ClusterWatch } from '../port.ts'
import { createWatchHub } from '../store/watch-hub.ts'
import type { KubernetesApi } from './api.ts'
import { type Cache, type Cached, createCache } from './cache.ts'
import type { ClusterMetrics } from './metrics.ts'
import { createReflector, type Reflector } from './reflector.ts'
import type { Resource } from './resources.ts'

/** The objects of one kind: what keeps them, and who is told. */
export type Collection<T extends Cached> = {
  readonly cache: Cache<T>
  watch(onKey: (key: ResourceKey, initial: boolean) => void): ClusterWatch
  /** Tells the watchers of a key, whatever the reason. */
  changed(key: ResourceKey): void
  /** Resolves when the first list was read; for a kind without scopes at once. */
  readonly synced: Promise<void>
  isSynced(): boolean
  /**
   * Waits a moment for the first list: an empty cache must not be taken for an empty cluster.
   * @throws WarrenError `dependency_unavailable`
   */
  ready(): Promise<void>
}

/** A read waits this long for the first list. */
const SYNC_WAIT_MS = 10_000

/** All the collections of a cluster, started and stopped together. */
export function createCollections(deps: {
  readonly api: KubernetesApi
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger
  readonly metrics: ClusterMetrics | undefined
}) {
  const { api, clock, random, logger, metrics } = deps
  const reflectors: Reflector[] = []

  return {
    /** @param scopes namespaces, where undefined is all of them; without any the collection stays empty and cannot be read */
    add<T extends Cached>(
      resource: Resource,
      scopes: readonly (string | undefined)[],
      how: {
        readonly shrink: (object: T) => T
        readonly groupOf?: (object: T) => string
        readonly alike?: (a: T, b: T) => boolean
        /** Only objects with all of these. */
        readonly labels?: Readonly<Record<string, string>>
        readonly onChange?: (key: ResourceKey) => void
      },
    ): Collection<T> {
      const { shrink, groupOf, alike, labels, onChange } = how
      const { plural } = resource
      const cache: Cache<T> = createCache({
        clock,
        onChange(key) {
          hub.changed(key)
          onChange?.(key)
        },
        ...(groupOf ? { groupOf } : {}),
        ...(alike ? { alike } : {}),
      })
      const labelSelector = Object.entries(labels ?? {})
        .map((pair) => pair.join('='))
        .join(',')
      const own = scopes.map((namespace) => {
        const selection = { ...(namespace ? { namespace } : {}), ...(labelSelector ? { labelSelector } : {}) }
        const reflector = createReflector<T>({
          name: namespace ? `${plural} in ${namespace}` : plural,
          source: {
            list: (page) => api.list(resource, { ...selection, ...page }),
            watch: (from, signal) => api.watch(resource, { ...selection, ...from }, signal),
          },
          sink: { ...cache, replace: (objects, listing) => cache.replace(objects, listing, namespace) },
          transform: shrink,
          clock,
          random,
          logger,
          ...(metrics ? { observer: metrics.observer(plural) } : {}),
        })
        metrics?.watch(plural, reflector)
        return reflector
      })
      reflectors.push(...own)
      let isSynced = false
      const synced = Promise.all(own.map((one) => one.synced)).then(() => {
        isSynced = own.length > 0
      })
      const hub = createWatchHub(
        () => cache.keys().flatMap((key) => cache.at(key)?.metadata ?? []),
        () => synced,
      )

      async function ready(): Promise<void> {
        if (isSynced) return
        if (own.length === 0) throw new Error(`${plural} are not watched by this process`)
        const waiting = new AbortController()
        const late = clock.sleep(SYNC_WAIT_MS, waiting.signal).then(
          () => {
            throw new WarrenError(
              'dependency_unavailable',
              `the ${plural} could not be read from the Kubernetes API yet`,
            )
          },
          () => {},
        )
        await Promise.race([synced, late])
        waiting.abort()
      }

      return { cache, changed: hub.changed, watch: hub.watch, synced, isSynced: () => isSynced, ready }
    },
    start(): void {
      for (const reflector of reflectors) reflector.start()
    },
    async stop(): Promise<void> {
      await Promise.all(reflectors.map((reflector) => reflector.stop()))
    },
    problem: (): string | undefined =>
      reflectors.map((reflector) => reflector.problem()).find((problem) => problem !== undefined),
  }
}
