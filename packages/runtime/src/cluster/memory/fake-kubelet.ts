import type { ResourceKey } from '@warren/contracts'
import type { Clock } from '../../clock/index.ts'
import type { ContainerStatus, SessionPod } from '../pod.ts'
import type { Kubelet, PodReport } from '../store/pod-store.ts'
import { storeKey } from '../store/watch-hub.ts'

/** A node without processes, for tests: pods run at once and end at once unless it is told to hold them. */
export type FakeKubelet = Kubelet & {
  /** With `hold`, new pods stay Pending until {@link run} and stopped ones stay Terminating until {@link release}. */
  hold(on: boolean): void
  /** Lets a held pod begin. */
  begin(key: ResourceKey): void
  /** Confirms the end of a held, terminating pod. */
  release(key: ResourceKey): void
  /** The session process ends and is restarted after a pause, as with `restartPolicy: Always`. */
  crash(key: ResourceKey, exitCode: number): void
  /** The pod ends for good, as when it is evicted, or a node has no room for it (`OutOfpods`). */
  fail(key: ResourceKey, reason: string, message: string): void
  /** The scheduler finds no node for a held pod. */
  unschedulable(key: ResourceKey, message: string): void
  /** On which node pods begin from now on; `node-1` at first. */
  place(node: string): void
  /** While it is cut off, a node's pods run on and their end is not confirmed. */
  partition(node: string, on: boolean): void
  /** How many pods of a name were ever running at the same time: more than 1 is a bug of whoever asked for it. */
  mostAtOnce(key: ResourceKey): number
}

type Node = {
  readonly pod: SessionPod
  readonly report: PodReport
  restarts: number
  startedAt?: string
  nodeName?: string
  confirm?: () => void
}

export function createFakeKubelet(clock: Clock): FakeKubelet {
  const nodes = new Map<string, Node>()
  const counts = new Map<string, { now: number; most: number }>()
  let held = false
  let placed = 'node-1'
  const cutOff = new Set<string>()

  function begin(key: string): void {
    const node = nodes.get(key)
    if (!node || node.startedAt) return
    node.startedAt = clock.now().toISOString()
    node.nodeName = placed
    node.report(
      {
        phase: 'Running',
        startTime: node.startedAt,
        containerStatuses: [status(node, { running: { startedAt: node.startedAt } })],
      },
      node.nodeName,
    )
  }

  function status(node: Node, state: ContainerStatus['state']): ContainerStatus {
    return { name: node.pod.spec.containers[0].name, restartCount: node.restarts, state }
  }

  return {
    run(pod, report) {
      const key = storeKey(pod.metadata)
      const node: Node = { pod, report, restarts: 0 }
      nodes.set(key, node)
      const count = counts.get(key) ?? { now: 0, most: 0 }
      counts.set(key, { now: count.now + 1, most: Math.max(count.most, count.now + 1) })
      if (!held) setImmediate(() => begin(key))
      return {
        stop: async () => {
          if (held || cutOff.has(node.nodeName ?? ''))
            await new Promise<void>((confirm) => Object.assign(node, { confirm }))
          nodes.delete(key)
          const left = counts.get(key)
          if (left) left.now -= 1
        },
      }
    },
    hold(on) {
      held = on
    },
    begin: (key) => begin(storeKey(key)),
    release: (key) => nodes.get(storeKey(key))?.confirm?.(),
    crash(key, exitCode) {
      const node = nodes.get(storeKey(key))
      if (!node?.startedAt) return
      const at = clock.now().toISOString()
      node.restarts += 1
      const ended = { exitCode, reason: 'Error', startedAt: node.startedAt, finishedAt: at }
      const waiting = { reason: 'CrashLoopBackOff', message: `restarting after exit code ${exitCode}` }
      node.report({
        phase: 'Running',
        startTime: node.startedAt,
        containerStatuses: [{ ...status(node, { waiting }), lastState: { terminated: ended } }],
      })
    },
    fail(key, reason, message) {
      nodes.get(storeKey(key))?.report({ phase: 'Failed', reason, message })
    },
    unschedulable(key, message) {
      nodes.get(storeKey(key))?.report({
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
      })
    },
    place(node) {
      placed = node
    },
    partition(node, on) {
      if (on) cutOff.add(node)
      else cutOff.delete(node)
      if (!on) for (const one of nodes.values()) if (one.nodeName === node) one.confirm?.()
    },
    mostAtOnce: (key) => counts.get(storeKey(key))?.most ?? 0,
  }
}
