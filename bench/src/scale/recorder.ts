/** Sees from outside what the operator does: a watch of its own, with the time at which each thing was seen. */

import { until } from '@warren/runtime/testing'
import type { KubernetesClient, KubernetesObject } from '@warren/runtime/testing/kubernetes'
import { watchAgain } from './watch-again.ts'

export type Recorder = {
  /** Just before the instance is applied. */
  applied(name: string): void
  /** Resolves when all of them have a pod and are ready. */
  complete(names: readonly string[], timeoutMs: number): Promise<void>
  /** Resolves when it has a pod. */
  pod(name: string, timeoutMs: number): Promise<void>
  timesOf(names: readonly string[]): Times
  stop(): void
}

/** In ms. */
export type Times = {
  /** From the moment of its own apply. */
  readonly toPod: readonly number[]
  readonly toReady: readonly number[]
  /** From the first apply to the last pod, and to the last instance that was ready. */
  readonly allPods: number
  readonly allReady: number
}

type Instance = KubernetesObject & {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}

export function startRecorder(client: KubernetesClient, namespace: string): Recorder {
  const appliedAt = new Map<string, number>()
  const podAt = new Map<string, number>()
  const readyAt = new Map<string, number>()
  const stopping = new AbortController()

  function note(times: Map<string, number>, name: string): void {
    if (!times.has(name)) times.set(name, performance.now())
  }

  const follow = <T extends KubernetesObject>(path: string, onObject: (object: T) => void) =>
    void watchAgain<T>(client, path, onObject, stopping.signal)
  follow(`/api/v1/namespaces/${namespace}/pods`, ({ metadata }) => note(podAt, metadata.name))
  follow<Instance>(instancesPath(namespace), ({ metadata, status }) => {
    if (status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'))
      note(readyAt, metadata.name)
  })

  async function seen(times: Map<string, number>, names: readonly string[], what: string, timeoutMs: number) {
    const missing = () => names.filter((name) => !times.has(name)).length
    await until(() => missing() === 0, { timeoutMs, everyMs: 50 }).catch(() => {
      throw new Error(`${missing()} of ${names.length} instances had no ${what} after ${timeoutMs / 1_000} s`)
    })
  }

  const at = (times: Map<string, number>, name: string) => times.get(name) ?? Number.NaN
  return {
    applied: (name) => note(appliedAt, name),
    async complete(names, timeoutMs) {
      await seen(podAt, names, 'pod', timeoutMs)
      await seen(readyAt, names, 'Ready', timeoutMs)
    },
    pod: (name, timeoutMs) => seen(podAt, [name], 'pod', timeoutMs),
    timesOf(names) {
      const first = Math.min(...names.map((name) => at(appliedAt, name)))
      return {
        toPod: names.map((name) => at(podAt, name) - at(appliedAt, name)),
        toReady: names.map((name) => at(readyAt, name) - at(appliedAt, name)),
        allPods: Math.max(...names.map((name) => at(podAt, name))) - first,
        allReady: Math.max(...names.map((name) => at(readyAt, name))) - first,
      }
    },
    stop: () => stopping.abort(),
  }
}

export const instancesPath = (namespace: string) =>
  `/apis/warren.dev/v1alpha1/namespaces/${namespace}/whatsappinstances`
