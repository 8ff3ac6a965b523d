import { CHANNELS, parseInstanceId } from '@warren/contracts'
import type { Timer } from '@warren/runtime/clock'
import type { ClusterWatch } from '@warren/runtime/cluster'
import type { Registry } from 'prom-client'
import type { OperatorContext } from './context.ts'
import { reconcileDeletion } from './controllers/deletion/controller.ts'
import { reconcilePod } from './controllers/instance-pod/controller.ts'
import { reconcileStatus, sweepStatus } from './controllers/session-status/controller.ts'
import { createOperatorMetrics } from './metrics.ts'
import { type Controller, createController, type Reconcile } from './queue/controller.ts'
import { createPacer } from './queue/pacer.ts'
import type { Priority } from './queue/work-queue.ts'
import { queueKeyOf } from './resource-key.ts'

/** Tells that something was published on a channel. Messages may be lost; sweeps find what was missed. */
export type NewsListener = {
  subscribe(channel: string, onMessage: (payload: string) => void): Promise<{ stop(): unknown }>
}

export type OperatorDeps = OperatorContext & {
  readonly news: NewsListener
  readonly registry: Registry
  /** New pods a second in the long run, and at once. */
  readonly starts: { readonly perSecond: number; readonly burst: number }
  /** Reconciles of one controller at the same time; 8 unless told. */
  readonly workers?: number
}

export type Operator = {
  /** Resolves when everything that exists was seen once. */
  start(): Promise<void>
  /** Ends the loops; pods run on. */
  stop(): Promise<void>
  /** What is wrong, for a liveness probe; empty when well. */
  problems(): readonly string[]
}

/** Between looks for a status that is out of date although nothing told so. */
const SWEEP_MS = 30_000
/** Between looks at everything: watches have been known to lose an event. */
const RESYNC_MS = 600_000

/** The reconcile loops. One process at a time may run them for a cluster. */
export function createOperator(deps: OperatorDeps): Operator {
  const { cluster, clock, logger } = deps
  const metricsOf = createOperatorMetrics(deps.registry)
  const pacer = createPacer({ clock, ...deps.starts })
  const controller = (name: string, reconcile: Reconcile): Controller =>
    createController({ name, reconcile, workers: deps.workers ?? 8, clock, logger, metrics: metricsOf(name) })

  const deletion = controller('deletion', reconcileDeletion(deps))
  const pods = controller('instance-pod', reconcilePod(deps, pacer))
  const status = controller('session-status', reconcileStatus(deps))
  const controllers = [deletion, pods, status]
  const stops: { stop(): unknown }[] = []
  let sweeping: Promise<void> = Promise.resolve()

  function enqueue(key: string, priority: Priority): void {
    for (const one of controllers) one.enqueue(key, priority)
  }

  async function resync(): Promise<void> {
    for (const { metadata } of (await cluster.instances.list()).items) enqueue(queueKeyOf(metadata), 'low')
  }

  async function sweep(): Promise<void> {
    for (const key of await sweepStatus(deps)) enqueue(key, 'low')
  }

  /** Runs again and again; a failure waits for the next time. */
  function every(ms: number, what: string, task: () => Promise<void>): Timer {
    return clock.setInterval(ms, () => {
      sweeping = task().catch((error) => logger.warn(`${what} failed`, { error }))
    })
  }

  return {
    async start() {
      for (const one of controllers) one.start()
      // A pod bears the name of its instance.
      const watches: ClusterWatch[] = (['instances', 'pods'] as const).map((kind) =>
        cluster.watch(kind, (key, initial) => enqueue(queueKeyOf(key), initial ? 'low' : 'normal')),
      )
      const news = await deps.news.subscribe(CHANNELS.sessions, (id) => {
        const key = parseInstanceId(id)
        if (key) enqueue(queueKeyOf(key), 'normal')
      })
      stops.push(...watches, news, every(SWEEP_MS, 'status sweep', sweep), every(RESYNC_MS, 'resync', resync))
      await Promise.all(watches.map(({ synced }) => synced))
    },
    async stop() {
      for (const one of stops.splice(0)) await one.stop()
      await Promise.all(controllers.map((one) => one.stop()))
      await sweeping
    },
    problems: () => controllers.flatMap((one) => one.problem() ?? []),
  }
}
