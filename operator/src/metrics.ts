import { METRICS } from '@warren/contracts'
import { Counter, Gauge, Histogram, type Registry } from '@warren/runtime/metrics'

/** How reconciles ended; controller-runtime's words, and `conflict` for an expected race. */
export type ReconcileResult = 'success' | 'requeue_after' | 'conflict' | 'error'

/** What one controller tells of itself. */
export type ControllerMetrics = {
  added(): void
  retried(): void
  depth(keys: number): void
  reconciled(result: ReconcileResult, seconds: number): void
}

/** Metrics of all controllers, under the names of controller-runtime so that its dashboards work. */
export function createOperatorMetrics(registry: Registry): (controller: string) => ControllerMetrics {
  const registers = [registry]
  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers })
  const total = counter(METRICS.reconcileTotal, 'Reconciles by result', ['controller', 'result'])
  const errors = counter(METRICS.reconcileErrors, 'Reconciles that failed', ['controller'])
  const adds = counter(METRICS.queueAdds, 'Keys added to the queue', ['name'])
  const retries = counter(METRICS.queueRetries, 'Keys added again after a failure', ['name'])
  const depth = new Gauge({
    name: METRICS.queueDepth,
    help: 'Keys that wait for a worker',
    labelNames: ['name'],
    registers,
  })
  const time = new Histogram({
    name: METRICS.reconcileSeconds,
    help: 'How long a reconcile takes',
    labelNames: ['controller'],
    buckets: [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  })

  return (controller) => ({
    added: () => adds.inc({ name: controller }),
    retried: () => retries.inc({ name: controller }),
    depth: (keys) => depth.set({ name: controller }, keys),
    reconciled(result, seconds) {
      total.inc({ controller, result })
      if (result === 'error') errors.inc({ controller })
      time.observe({ controller }, seconds)
    },
  })
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
