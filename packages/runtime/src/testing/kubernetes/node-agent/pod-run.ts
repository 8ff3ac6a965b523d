import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { KubernetesClient } from '../client.ts'
import { type ContainerRun, graceOf, runContainer } from './container-run.ts'
import { isGone, type NodePod } from './pod.ts'
import { prepareContainer } from './pod-environment.ts'
import { type ContainerReport, type NodePodStatus, statusOf } from './pod-status.ts'

export type PodDeps = {
  readonly client: KubernetesClient
  /** Folder of this pod alone. */
  readonly folder: string
  readonly podIP: string
  /** Starts no process: everything is running and ready at once. */
  readonly stub: boolean
  readonly entrypoint: (image: string) => readonly string[]
  readonly env: (pod: NodePod, podIP: string) => Readonly<Record<string, string>>
  readonly restartDelayMs: (restart: number) => number
  /** Resolves when the API server can be reached from this node. */
  readonly reachable: () => Promise<void>
  /** Aborted when the whole node stops: nothing more is told. */
  readonly stopping: AbortSignal
}

export type PodRun = {
  /** What the API server said of the pod since. */
  update(pod: NodePod): void
  signal(signal: NodeJS.Signals): void
  /** Ends the processes within the grace that the pod has by now; tells what became of them. */
  stop(): Promise<void>
  /** Ends the processes and says that the pod has failed for good, as a node short of memory would. */
  evict(message: string): Promise<void>
  logs(): string
}

/** One pod on this node, from its binding to its end. */
export function runPod(deps: PodDeps, first: NodePod): PodRun {
  let pod = first
  let told: NodePodStatus | undefined
  let over: { reason: string; message: string } | undefined
  let dirty = false
  let writing: Promise<void> | undefined
  const placed = { podIP: deps.podIP, hostIP: '127.0.0.1', startTime: new Date().toISOString() }
  const logFile = join(deps.folder, 'log.txt')
  if (!deps.stub) mkdirSync(deps.folder, { recursive: true, mode: 0o700 })
  const containers: ContainerRun[] = deps.stub
    ? []
    : pod.spec.containers.map((container) =>
        runContainer({ ...deps, pod: () => pod, logFile, prepare, onChange }, container),
      )
  const reports = () =>
    deps.stub ? stubReports(pod, placed.startTime) : containers.map((container) => container.report())
  onChange()

  return {
    update(latest) {
      pod = latest
    },
    signal(name) {
      for (const container of containers) container.signal(name)
    },
    stop,
    async evict(message) {
      over = { reason: 'Evicted', message }
      await stop()
      onChange()
      await writing
    },
    logs: () => readFileSync(logFile, 'utf8'),
  }

  async function stop(): Promise<void> {
    await Promise.all(containers.map((container) => container.stop(graceOf(pod))))
    await writing
  }

  async function prepare(container: NodePod['spec']['containers'][number]) {
    const spec = await prepareContainer(deps, pod, container)
    const { PATH = '', HOME = '' } = process.env
    const image = { PATH, HOME, HOSTNAME: pod.metadata.name }
    return { ...spec, env: { ...image, ...spec.env, ...deps.env(pod, deps.podIP) } }
  }

  /** Changes that come while one is being written go into the next write together. */
  function onChange(): void {
    dirty = true
    writing ??= write()
  }

  async function write(): Promise<void> {
    // What changes in the same turn is told as one.
    await Promise.resolve()
    while (dirty && !deps.stopping.aborted) {
      await deps.reachable()
      dirty = false
      const status = statusOf(pod, placed, reports(), new Date().toISOString(), told, over)
      const { namespace, name, uid } = pod.metadata
      try {
        await deps.client.request('PATCH', `/api/v1/namespaces/${namespace}/pods/${name}/status`, {
          body: { metadata: { uid }, status },
          // Conditions that others have set stay.
          contentType: 'application/strategic-merge-patch+json',
        })
        told = status
      } catch (error) {
        if (await isGone(deps.client, pod, error)) break
        dirty = true
        await delay(100)
      }
    }
    writing = undefined
  }
}

function stubReports(pod: NodePod, startedAt: string): ContainerReport[] {
  return pod.spec.containers.map(({ name, image = '' }) => ({
    name,
    image,
    restartCount: 0,
    ready: true,
    started: true,
    state: { running: { startedAt } },
  }))
}
