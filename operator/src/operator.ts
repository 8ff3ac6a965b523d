import { CHANNELS, parseInstanceId, parseSessionKey } from '@warren/contracts'
import type { Bus } from '@warren/runtime/bus'
import type { ClusterWatch } from '@warren/runtime/cluster'
import type { Registry } from '@warren/runtime/metrics'
import { createSessionCalls } from '@warren/runtime/session-calls'
import { createAdmission } from './admission/admission.ts'
import { seedOf } from './admission/seed-of.ts'
import type { OperatorContext } from './context.ts'
import { reconcileDeletion } from './controllers/deletion/controller.ts'
import { reconcilePod } from './controllers/instance-pod/controller.ts'
import { reconcileStatus, sweepStatus } from './controllers/session-status/controller.ts'
import { createFleet } from './fleet/fleet.ts'
import { createFleetMetrics } from './fleet/metrics.ts'
import { createOperatorMetrics } from './metrics.ts'
import { instanceKeyOfPod } from './pods/pod-names.ts'
import { prepareTemplate, type SessionPodTemplate } from './pods/template.ts'
import { createVerdicts } from './pods/verdicts.ts'
import { type Controller, createController, type Reconcile } from './queue/controller.ts'
import { createPacer } from './queue/pacer.ts'
import type { Priority } from './queue/work-queue.ts'
import { queueKeyOf, resourceKeyOf } from './resource-key.ts'
import type { RollBounds } from './roll/decide-roll.ts'
import { createRoll } from './roll/roll.ts'

export type OperatorDeps = Pick<
  OperatorContext,
  'cluster' | 'sessions' | 'masterKey' | 'clock' | 'logger'
> & {
  readonly template: SessionPodTemplate
  /** Brings news of sessions and reaches them. What it loses, sweeps find. */
  readonly bus: Pick<Bus, 'call' | 'subscribe' | 'onResynced'>
  readonly registry: Registry
  /** New pods a second in the long run, and at once. */
  readonly starts: { readonly perSecond: number; readonly burst: number }
  /** How many instances an organisation may have that nobody set a limit for; 5 unless told. */
  readonly defaultInstanceLimit?: number
  /** How many sessions a new template may take down at a time; a tenth of all, and one of an organisation, unless told. */
  readonly roll?: RollBounds
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
/** A start is a row of changes of pod and session within moments; each write of a status costs more than all of the operator's own work. */
const STATUS_SETTLE_MS = 50
/** Between looks at everything: watches have been known to lose an event. */
const RESYNC_MS = 600_000

/** That of the smallest plan. */
const DEFAULT_INSTANCE_LIMIT = 5
const DEFAULT_ROLL: RollBounds = { maxUnavailable: 0.1, maxUnavailablePerOrganization: 1 }

const ROLL_PAUSED = {
  type: 'Warning',
  reason: 'RollPaused',
  note: 'The session did not come back with the new template; no further pods are replaced until it does.',
} as const
const ROLL_RESUMED = {
  type: 'Normal',
  reason: 'RollResumed',
  note: 'Enough sessions are back: pods are replaced by the new template again.',
} as const

/** The reconcile loops. One process at a time may run them for a cluster. */
export function createOperator(deps: OperatorDeps): Operator {
  const { cluster, clock, logger, bus } = deps
  const template = prepareTemplate(deps.template, deps.masterKey)
  const metricsOf = createOperatorMetrics(deps.registry)
  const fleet = createFleet()
  const admission = createAdmission({
    cluster,
    limits: deps.sessions,
    defaultLimit: deps.defaultInstanceLimit ?? DEFAULT_INSTANCE_LIMIT,
    clock,
    onAdmissible: (key) => pods.enqueue(key),
  })
  const roll = createRoll({
    sessions: deps.sessions,
    fleet,
    bounds: deps.roll ?? DEFAULT_ROLL,
    clock,
    logger,
    onTurn: (key) => pods.enqueue(key),
    onLost: (key) => status.enqueue(key),
    onPaused: (paused, lost) => run('telling of the roll', () => tellPaused(paused, lost)),
  })
  const metrics = createFleetMetrics(deps.registry, {
    fleet,
    waiting: admission.waiting,
    roll: () => ({ paused: roll.paused(), ...roll.counts() }),
  })
  const pacer = createPacer({ clock, ...deps.starts, onTurn: (key) => pods.enqueue(key) })
  const context: OperatorContext = {
    ...deps,
    template,
    calls: createSessionCalls(bus),
    admission,
    roll,
    fleet,
    metrics,
    verdicts: createVerdicts(),
    onVerdict: (key) => status.enqueue(key),
  }
  const controller = (name: string, reconcile: Reconcile, settleMs = 0): Controller =>
    createController({
      name,
      reconcile,
      settleMs,
      workers: deps.workers ?? 8,
      clock,
      logger,
      metrics: (view) => metricsOf(name, view),
    })

  const deletion = controller('deletion', reconcileDeletion(context))
  const pods = controller('instance-pod', reconcilePod(context, pacer))
  const status = controller('session-status', reconcileStatus(context), STATUS_SETTLE_MS)
  const controllers = [deletion, pods, status]
  const stops: { stop(): unknown }[] = []
  let looking: Promise<void> = Promise.resolve()
  let pausedBy: readonly string[] = []

  function enqueue(key: string, priority: Priority): void {
    for (const one of controllers) one.enqueue(key, priority)
  }

  async function enqueueAll(): Promise<void> {
    for (const { metadata } of (await cluster.instances.list()).items) enqueue(queueKeyOf(metadata), 'low')
  }

  async function enqueueStale(): Promise<void> {
    await admission.refresh()
    for (const key of await sweepStatus(context)) enqueue(key, 'low')
  }

  /** On the instances whose sessions did not come back: they are where one has to look. */
  async function tellPaused(paused: boolean, lost: readonly string[]): Promise<void> {
    const concerned = paused ? lost : pausedBy
    pausedBy = lost
    for (const key of concerned) {
      const instance = await cluster.instances.get(resourceKeyOf(key))
      if (instance) cluster.events.record(instance, paused ? ROLL_PAUSED : ROLL_RESUMED)
    }
  }

  /** Places that are taken and sessions that are away are known before anything is decided. */
  async function seed(): Promise<void> {
    const instances = (await cluster.instances.list()).items
    fleet.expect(instances)
    admission.seed(seedOf(instances, (await cluster.pods.list()).items))
  }

  /** What fails waits for its next turn. */
  function run(what: string, look: () => Promise<void>): void {
    looking = look().catch((error) => logger.warn(`${what} failed, it is tried again`, { error }))
  }

  return {
    async start() {
      const onChange = (key: string, initial: boolean) => enqueue(key, initial ? 'low' : 'normal')
      const watches: ClusterWatch[] = [
        cluster.watch('instances', (key, initial) => onChange(queueKeyOf(key), initial)),
        cluster.watch('pods', (key, initial) => onChange(queueKeyOf(instanceKeyOfPod(key)), initial)),
      ]
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
      await seed()
      for (const one of controllers) one.start()
      roll.start()
    },
    async stop() {
      for (const one of stops.splice(0)) one.stop()
      pacer.stop()
      await Promise.all(controllers.map((one) => one.stop()))
      await roll.stop()
      await looking
    },
    problems: () => controllers.flatMap((one) => one.problem() ?? []),
  }
}
