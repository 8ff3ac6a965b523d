import type { ResourceKey, WhatsAppInstance } from '@warren/contracts'
import type { Clock } from '../../clock/index.ts'
import type { Logger } from '../../logger/index.ts'
import type { Registry } from '../../metrics/index.ts'
import type { SessionPod } from '../pod.ts'
import type { Cluster } from '../port.ts'
import { hasLabels } from '../store/page-of.ts'
import { createKubernetesApi } from './api.ts'
import { createCollections } from './collection.ts'
import { type Connection, createCredentials } from './credentials.ts'
import { createEvents } from './events.ts'
import { createHttp } from './http.ts'
import { createInstances } from './instances.ts'
import { createLeaseStore, type LeaseStore } from './leases.ts'
import { createClusterMetrics } from './metrics.ts'
import {
  isSameNamespace,
  type Namespace,
  polledNamespaces,
  shrinkNamespace,
  watchedNamespaces,
} from './namespaces.ts'
import { createNodes, isSameNode, type Node, shrinkNode } from './nodes.ts'
import { createPods } from './pods.ts'
import { INSTANCES, NAMESPACES, NODES, PODS } from './resources.ts'
import { createSecrets } from './secrets.ts'
import { shrinkInstance, shrinkPod } from './shrink.ts'
import { createStrangers } from './strangers.ts'

export type KubernetesClusterOptions = {
  readonly connection: Connection
  /** Where to look; every namespace unless told, for which the rights must be cluster-wide. */
  readonly namespaces?: readonly string[]
  /**
   * `instances` is for who only reads and writes those; session pods, nodes and the labels of namespaces are not watched then and cannot be
   * read. `all` unless told.
   */
  readonly scope?: 'all' | 'instances'
  /** Owner of the fields that this process writes. */
  readonly fieldManager: string
  /** This process among its replicas: the pod's name. */
  readonly identity: string
  readonly clock: Clock
  /** 0 to 1. */
  readonly random?: () => number
  readonly logger: Logger
  readonly registry?: Registry
}

export type KubernetesCluster = Cluster & {
  /** Begins to fill the caches; `synced` says when they are full. Never fails: an API server that is away is waited for. */
  start(): void
  readonly synced: Promise<void>
  stop(): Promise<void>
  /** What only a restart of this process can mend; undefined when well. */
  problem(): string | undefined
  leases(key: ResourceKey): LeaseStore
}

/** Session pods, and nothing else that runs in the cluster. */
const POD_LABELS = {
  'app.kubernetes.io/managed-by': 'warren-operator',
  'app.kubernetes.io/component': 'session',
}

/** The cluster port on the API of Kubernetes. */
export function createKubernetesCluster(options: KubernetesClusterOptions): KubernetesCluster {
  const { clock, logger, namespaces, scope = 'all', random = Math.random } = options
  const metrics = options.registry && createClusterMetrics(options.registry)
  const http = createHttp({
    credentials: createCredentials(options.connection, clock),
    clock,
    userAgent: `warren (${options.fieldManager})`,
    ...(metrics ? { onAnswer: metrics.onAnswer } : {}),
  })
  const api = createKubernetesApi(http, options)
  const collections = createCollections({ api, clock, random, logger, metrics })
  const scopes = namespaces ?? [undefined]
  const everything = scope === 'all' ? scopes : []
  const clusterWide = scope === 'all' && !namespaces ? [undefined] : []

  const instances = collections.add<WhatsAppInstance>(INSTANCES, scopes, {
    shrink: shrinkInstance,
    groupOf: ({ spec }) => spec.organization,
  })
  const pods = collections.add<SessionPod>(PODS, everything, {
    shrink: shrinkPod,
    groupOf: ({ spec }) => spec.nodeName ?? '',
    labels: POD_LABELS,
  })
  const nodes = collections.add<Node>(NODES, clusterWide, {
    shrink: shrinkNode,
    alike: isSameNode,
    onChange({ name }) {
      for (const { metadata } of pods.cache.group(name)) pods.changed(metadata)
    },
  })
  const labels = collections.add<Namespace>(NAMESPACES, clusterWide, {
    shrink: shrinkNamespace,
    alike: isSameNamespace,
    onChange: ({ name }) => tellInstancesIn(name),
  })
  const polled = polledNamespaces({
    names: everything.flatMap((name) => name ?? []),
    look: (name) => api.get<Namespace>(NAMESPACES, { name }),
    onChange: tellInstancesIn,
    clock,
    logger,
  })
  const strangers = createStrangers({
    watched: ({ metadata }) => hasLabels(metadata, POD_LABELS),
    look: async (key) => shrinkPod(await api.get<SessionPod>(PODS, key)),
    onGone: pods.changed,
    clock,
  })
  const events = createEvents({
    api,
    reporter: { controller: `warren.dev/${options.fieldManager}`, instance: options.identity },
    clock,
    logger,
  })

  function tellInstancesIn(namespace: string): void {
    for (const key of instances.cache.keys())
      if (key.startsWith(`${namespace}/`))
        instances.changed({ namespace, name: key.slice(namespace.length + 1) })
  }

  return {
    instances: createInstances({ api, ...instances }),
    pods: createPods({ api, strangers, ...pods }),
    secrets: createSecrets(api),
    namespaces: namespaces ? polled : watchedNamespaces(labels.cache, labels.ready),
    nodes: createNodes({ cache: nodes.cache, synced: nodes.isSynced, clock }),
    events,
    watch: (kind, onKey) => (kind === 'instances' ? instances : pods).watch(onKey),
    leases: (key) => createLeaseStore(api, key),
    // Nodes are good to know; whoever may not read them works on without.
    synced: Promise.all([instances.synced, pods.synced, labels.synced]).then(() => {}),
    start() {
      collections.start()
      polled.start()
    },
    async stop() {
      strangers.stop()
      polled.stop()
      await collections.stop()
      await events.stop()
      http.stop()
    },
    problem: collections.problem,
  }
}
