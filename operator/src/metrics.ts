import { METRICS } from '@warren/contracts'
import { Counter, Gauge, Histogram, type Registry } from '@warren/runtime/metrics'

const BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** How reconciles ended; controller-runtime's words, and `conflict` for an expected race. */
export type ReconcileResult = 'success' | 'requeue_after' | 'conflict' | 'error'

/** What one controller tells of itself. */
export type ControllerMetrics = {
  added(): void
  retried(): void
  depth(keys: number): void
  /** A worker has taken a key that had waited so long. */
  taken(waitedSeconds: number): void
  reconciled(result: ReconcileResult, seconds: number): void
  /** A mistake in the program, not a failure of something else. */
  panicked(): void
}

/** What is looked at when metrics are asked for. */
export type ControllerView = {
  readonly workers: number
  /** For how many seconds each running reconcile has been running. */
  running(): readonly number[]
}

/** Metrics of all controllers, under the names of controller-runtime so that its dashboards work. */
export function createOperatorMetrics(
  registry: Registry,
): (controller: string, view: ControllerView) => ControllerMetrics {
  const registers = [registry]
  const views = new Map<string, ControllerView>()
  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers })
  const histogram = (name: string, help: string, labelNames: string[]) =>
    new Histogram({ name, help, labelNames, buckets: BUCKETS, registers })
  const total = counter(METRICS.reconcileTotal, 'Reconciles by result', ['controller', 'result'])
  const errors = counter(METRICS.reconcileErrors, 'Reconciles that failed', ['controller'])
  const panics = counter(METRICS.reconcilePanics, 'Reconciles that failed by a programming error', [
    'controller',
  ])
  const adds = counter(METRICS.queueAdds, 'Keys added to the queue', ['name'])
  const retries = counter(METRICS.queueRetries, 'Keys added again after a failure', ['name'])
  const time = histogram(METRICS.reconcileSeconds, 'How long a reconcile takes', ['controller'])
  const waits = histogram(METRICS.queueSeconds, 'How long a key waits for a worker', ['name'])
  const works = histogram(METRICS.workSeconds, 'How long a worker has a key', ['name'])
  const depth = new Gauge({
    name: METRICS.queueDepth,
    help: 'Keys that wait for a worker',
    labelNames: ['name'],
    registers,
  })

  /** Computed when it is asked for. */
  function gauge(name: string, help: string, label: string, value: (view: ControllerView) => number): void {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers,
      collect() {
        for (const [controller, view] of views) this.set({ [label]: controller }, value(view))
      },
    })
  }
  gauge(METRICS.reconcileActive, 'Workers that are busy', 'controller', (view) => view.running().length)
  gauge(METRICS.reconcileMax, 'Workers there are', 'controller', (view) => view.workers)
  gauge(METRICS.workUnfinished, 'Seconds of all running reconciles together', 'name', (view) =>
    view.running().reduce((sum, seconds) => sum + seconds, 0),
  )
  gauge(METRICS.workLongest, 'Seconds of the longest running reconcile', 'name', (view) =>
    Math.max(0, ...view.running()),
  )

  return (controller, view) => {
    views.set(controller, view)
    adds.inc({ name: controller }, 0)
    panics.inc({ controller }, 0)
    return {
      added: () => adds.inc({ name: controller }),
      retried: () => retries.inc({ name: controller }),
      depth: (keys) => depth.set({ name: controller }, keys),
      taken: (waitedSeconds) => waits.observe({ name: controller }, waitedSeconds),
      reconciled(result, seconds) {
        total.inc({ controller, result })
        if (result === 'error') errors.inc({ controller })
        time.observe({ controller }, seconds)
        works.observe({ name: controller }, seconds)
      },
      panicked: () => panics.inc({ controller }),
    }
  }
}

/** client-go's gauge of who leads. */
export function createLeaderMetrics(registry: Registry, lease: string): { leading(leads: boolean): void } {
  const gauge = new Gauge({
    name: METRICS.leader,
    help: 'Whether this replica leads: 1 or 0.',
    labelNames: ['name'],
    registers: [registry],
  })
  gauge.set({ name: lease }, 0)
  return { leading: (leads) => gauge.set({ name: lease }, leads ? 1 : 0) }
}
