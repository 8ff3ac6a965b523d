import { CHANNELS, parseInstanceId, parseSessionKey } from '@warren/contracts'
import type { Bus } from '@warren/runtime/bus'
import type { ClusterWatch } from '@warren/runtime/cluster'
import type { Registry } from '@warren/runtime/metrics'
import { createSessionCalls } from '@warren/runtime/session-calls'
import type { OperatorContext } from './context.ts'
import { reconcileDeletion } from './controllers/deletion/controller.ts'
import { reconcilePod } from './controllers/instance-pod/controller.ts'
import { reconcileStatus, sweepStatus } from './controllers/session-status/controller.ts'
import { createOperatorMetrics } from './metrics.ts'
import { prepareTemplate, type SessionPodTemplate } from './pods/template.ts'
import { type Controller, createController, type Reconcile } from './queue/controller.ts'
import { createPacer } from './queue/pacer.ts'
import type { Priority } from './queue/work-queue.ts'
import { queueKeyOf } from './resource-key.ts'

export type OperatorDeps = Omit<OperatorContext, 'calls' | 'template'> & {
  readonly template: SessionPodTemplate
  /** Brings news of sessions and reaches them. What it loses, sweeps find. */
  readonly bus: Pick<Bus, 'call' | 'subscribe' | 'onResynced'>
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
  const { cluster, clock, logger, bus } = deps
  const template = prepareTemplate(deps.template, deps.masterKey)
  const context: OperatorContext = { ...deps, template, calls: createSessionCalls(bus) }
  const metricsOf = createOperatorMetrics(deps.registry)
  const pacer = createPacer({ clock, ...deps.starts })
  const controller = (name: string, reconcile: Reconcile): Controller =>
    createController({ name, reconcile, workers: deps.workers ?? 8, clock, logger, metrics: metricsOf(name) })

  const deletion = controller('deletion', reconcileDeletion(context))
  const pods = controller('instance-pod', reconcilePod(context, pacer))
  const status = controller('session-status', reconcileStatus(context))
  const controllers = [deletion, pods, status]
  const stops: { stop(): unknown }[] = []
  let looking: Promise<void> = Promise.resolve()

  function enqueue(key: string, priority: Priority): void {
    for (const one of controllers) one.enqueue(key, priority)
  }

  async function enqueueAll(): Promise<void> {
    for (const { metadata } of (await cluster.instances.list()).items) enqueue(queueKeyOf(metadata), 'low')
  }

  async function enqueueStale(): Promise<void> {
    for (const key of await sweepStatus(context)) enqueue(key, 'low')
  }

  /** What fails waits for its next turn. */
  function run(what: string, look: () => Promise<void>): void {
    looking = look().catch((error) => logger.warn(`${what} failed, it is tried again`, { error }))
  }

  return {
    async start() {
      for (const one of controllers) one.start()
      // A pod bears the name of its instance.
      const watches: ClusterWatch[] = (['instances', 'pods'] as const).map((kind) =>
        cluster.watch(kind, (key, initial) => enqueue(queueKeyOf(key), initial ? 'low' : 'normal')),
      )
      const news = bus.subscribe(CHANNELS.sessions, (session) => {
        const key = parseInstanceId(parseSessionKey(String(session))?.instance ?? '')
        if (key) enqueue(queueKeyOf(key), 'normal')
      })
      // News were missed while Redis was away.
      const resynced = bus.onResynced(() => run('status sweep', enqueueStale))
      const sweeps = clock.setInterval(SWEEP_MS, () => run('status sweep', enqueueStale))
      const resyncs = clock.setInterval(RESYNC_MS, () => run('resync', enqueueAll))
      stops.push(...watches, news, resynced, sweeps, resyncs)
      await Promise.all(watches.map(({ synced }) => synced))
    },
    async stop() {
      for (const one of stops.splice(0)) one.stop()
      await Promise.all(controllers.map((one) => one.stop()))
      await looking
    },
    problems: () => controllers.flatMap((one) => one.problem() ?? []),
  }
}
