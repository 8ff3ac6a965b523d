import { randomBytes, randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { KubernetesClient } from '../client.ts'
import { admits, beat, look, type NodeView, register, unregister } from './node-object.ts'
import { isGone, type NodePod } from './pod.ts'
import { type PodDeps, type PodRun, runPod } from './pod-run.ts'

export type NodeAgentOptions = {
  readonly client: KubernetesClient
  /** Only pods of these namespaces are looked at; those of all unless given. */
  readonly namespaces?: readonly string[]
  /** By default a random one. */
  readonly name?: string
  readonly labels?: Readonly<Record<string, string>>
  /** Pods are Running and Ready at once and no process is started, for thousands of them. */
  readonly stub?: boolean
  /** The program of a container without a command: what its image has as entry point. */
  readonly entrypoint?: (image: string) => readonly string[]
  /** Variables that win over the pod's own. All pods share one network, so what listens should do so on the pod's IP. */
  readonly env?: PodDeps['env']
  /** Milliseconds until the nth restart in a row, from 1; by default at once, then 250 ms doubling up to 5 s. */
  readonly restartDelayMs?: (restart: number) => number
  /** Seconds between two signs of life; 2 by default, 10 for a stub. */
  readonly heartbeatSeconds?: number
}

export type PodName = { readonly namespace: string; readonly name: string }

export type NodeAgent = {
  readonly name: string
  /** Cuts the node off: no heartbeat, no status, no deletion is carried out, while its processes run on. */
  partition(): void
  /** Ends {@link partition}; what was asked for meanwhile is done now. */
  heal(): void
  /** Cuts the node off for good and kills its processes. */
  powerOff(): void
  /** To all processes of a pod, e.g. SIGKILL for a crash, SIGSTOP for a hang. */
  signal(pod: PodName, signal: NodeJS.Signals): void
  /** Fails the pod with reason Evicted, as a kubelet short of memory does. */
  evict(pod: PodName, message?: string): Promise<void>
  /** Everything that the pod's containers have printed. */
  logs(pod: PodName): string
  /** How many pods it runs. */
  podCount(): number
  /** Kills what runs and removes the node with its pods. Idempotent. */
  stop(): Promise<void>
}

type Running = { readonly pod: NodePod; readonly run: PodRun; ending?: Promise<void> }

/**
 * A node for tests: scheduler and kubelet of a real API server, whose pods are child processes of this one. Pod IPs are addresses of the
 * loopback network, so this needs Linux.
 */
export async function startNodeAgent(options: NodeAgentOptions): Promise<NodeAgent> {
  const { client, namespaces, stub = false, labels = {} } = options
  const name = options.name ?? `node-${randomBytes(4).toString('hex')}`
  const heartbeatMs = (options.heartbeatSeconds ?? (stub ? 10 : 2)) * 1_000
  const root = mkdtempSync(join(tmpdir(), `warren-${name}-`))
  const nextIP = createAddresses()
  const stopping = new AbortController()
  const runs = new Map<string, Running>()
  const unscheduled = new Map<string, NodePod>()
  let view: NodeView = { unschedulable: false, taints: [] }
  let watching = new AbortController()
  let cut: { readonly healed: Promise<void>; readonly heal: () => void } | undefined

  const podDeps = (uid: string): PodDeps => ({
    client,
    stub,
    folder: join(root, uid),
    podIP: nextIP(),
    entrypoint: options.entrypoint ?? (() => []),
    env: options.env ?? (() => ({})),
    restartDelayMs:
      options.restartDelayMs ??
      ((restart) => (restart === 1 ? 0 : Math.min(250 * 2 ** (restart - 2), 5_000))),
    reachable: async () => cut?.healed,
    stopping: stopping.signal,
  })

  await register(client, name, labels)
  const scopes = namespaces?.map((namespace) => `/api/v1/namespaces/${namespace}/pods`) ?? ['/api/v1/pods']
  const loops = [...scopes.map(follow), heartbeats()]

  const agent: NodeAgent = {
    name,
    partition() {
      if (cut) return
      const { promise, resolve } = Promise.withResolvers<void>()
      cut = { healed: promise, heal: resolve }
      watching.abort()
    },
    heal() {
      cut?.heal()
      cut = undefined
    },
    powerOff() {
      agent.partition()
      for (const { run } of runs.values()) kill(run)
    },
    signal: (pod, signal) => find(pod).run.signal(signal),
    evict: (pod, message = 'The node was low on resource: memory.') => find(pod).run.evict(message),
    logs: (pod) => find(pod).run.logs(),
    podCount: () => runs.size,
    async stop() {
      if (stopping.signal.aborted) return
      stopping.abort()
      watching.abort()
      agent.heal()
      await Promise.all([...runs.values()].map(({ run }) => kill(run)))
      await Promise.all(loops)
      // The test may have stopped the API server before.
      await Promise.all([...runs.values()].map(({ pod }) => remove(pod))).catch(() => {})
      await unregister(client, name).catch(() => {})
      rmSync(root, { recursive: true, force: true, maxRetries: 3 })
    },
  }
  return agent

  /** Told to stop first, so that nothing is started again. */
  function kill(run: PodRun): Promise<void> {
    const stopped = run.stop()
    run.signal('SIGKILL')
    return stopped
  }

  function find(wanted: PodName): Running {
    for (const running of runs.values()) {
      const { metadata } = running.pod
      if (metadata.namespace === wanted.namespace && metadata.name === wanted.name) return running
    }
    throw new Error(`${name} runs no pod ${wanted.namespace}/${wanted.name}`)
  }

  /** Lists and watches for ever; whatever ends the watch, the next list tells what was missed. */
  async function follow(path: string): Promise<void> {
    while (!stopping.signal.aborted) {
      await cut?.healed
      if (watching.signal.aborted) watching = new AbortController()
      try {
        type Pods = { metadata: { resourceVersion: string }; items: NodePod[] }
        const { items, metadata } = await client.request<Pods>('GET', path)
        const there = new Set(items.map((pod) => pod.metadata.uid))
        for (const [uid, { pod }] of runs) if (!there.has(uid) && belongs(pod, path)) void forget(uid)
        for (const pod of items) onPod(pod)
        const signal = AbortSignal.any([stopping.signal, watching.signal])
        await client.watch<NodePod>(
          `${path}?resourceVersion=${metadata.resourceVersion}`,
          ({ type, object }) => {
            if (cut) return
            if (type === 'DELETED') void forget(object.metadata.uid)
            else onPod(object)
          },
          signal,
        )
      } catch {
        await delay(100)
      }
    }
  }

  function belongs(pod: NodePod, path: string): boolean {
    return namespaces === undefined || path === `/api/v1/namespaces/${pod.metadata.namespace}/pods`
  }

  function onPod(pod: NodePod): void {
    const { uid, deletionTimestamp } = pod.metadata
    const { nodeName } = pod.spec
    if (!nodeName && !deletionTimestamp) {
      unscheduled.set(uid, pod)
      if (admits(view, pod)) void bind(pod)
      return
    }
    unscheduled.delete(uid)
    if (nodeName !== name) return
    const running = runs.get(uid)
    running?.run.update(pod)
    if (deletionTimestamp) void terminate(pod)
    else if (!running) accept(pod)
  }

  function accept(pod: NodePod): void {
    const phase = pod.status?.phase
    if (phase === 'Succeeded' || phase === 'Failed' || stopping.signal.aborted) return
    runs.set(pod.metadata.uid, { pod, run: runPod(podDeps(pod.metadata.uid), pod) })
  }

  /** The scheduler's part. Another node may be quicker, or the pod be gone; then the watch tells. */
  async function bind(pod: NodePod): Promise<void> {
    const { namespace, name: podName, uid } = pod.metadata
    const body = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: podName, uid },
      target: { kind: 'Node', name },
    }
    const path = `/api/v1/namespaces/${namespace}/pods/${podName}/binding`
    if (!stub) {
      // A drain cordons a moment before it evicts.
      view = await look(client, name).catch(() => view)
      if (!admits(view, pod)) return
    }
    const bound = await client.request('POST', path, { body }).catch(() => undefined)
    if (bound && !runs.has(uid) && unscheduled.delete(uid))
      accept({ ...pod, spec: { ...pod.spec, nodeName: name } })
  }

  async function terminate(pod: NodePod): Promise<void> {
    const running = runs.get(pod.metadata.uid)
    if (!running) return remove(pod).catch(() => {})
    running.ending ??= running.run.stop().then(() => finish(pod))
    return running.ending
  }

  /** Asks until the API server has heard it. */
  async function finish(pod: NodePod): Promise<void> {
    while (!stopping.signal.aborted) {
      await cut?.healed
      try {
        await remove(pod)
        runs.delete(pod.metadata.uid)
        return
      } catch {
        await delay(100)
      }
    }
  }

  /** The kubelet's last word: nothing of the pod runs here any more, so its name is free. */
  async function remove(pod: NodePod): Promise<void> {
    const { namespace, name: podName, uid } = pod.metadata
    const body = { gracePeriodSeconds: 0, preconditions: { uid } }
    const path = `/api/v1/namespaces/${namespace}/pods/${podName}`
    await client.request('DELETE', path, { body }).catch(async (error: unknown) => {
      if (!(await isGone(client, pod, error))) throw error
    })
  }

  /** The pod is gone from the API server: nothing that it started may go on. */
  async function forget(uid: string): Promise<void> {
    unscheduled.delete(uid)
    await runs.get(uid)?.run.stop()
    runs.delete(uid)
  }

  async function heartbeats(): Promise<void> {
    while (!stopping.signal.aborted) {
      await delay(heartbeatMs, undefined, { signal: stopping.signal }).catch(() => {})
      if (cut || stopping.signal.aborted) continue
      try {
        view = await beat(client, name)
        for (const pod of unscheduled.values()) if (admits(view, pod)) void bind(pod)
      } catch {
        // An API server that is away misses a heartbeat, as a real one would.
      }
    }
  }
}

/** Addresses of the loopback network, beginning somewhere so that two agents hardly meet. */
function createAddresses(): () => string {
  const net = randomInt(64, 255)
  let next = randomInt(1, 2 ** 15)
  return () => {
    next += 1
    return `127.${net}.${(next >> 8) & 255}.${next & 255}`
  }
}
