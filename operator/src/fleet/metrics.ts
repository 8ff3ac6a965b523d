import { METRICS } from '@warren/contracts'
import { Counter, Gauge, type Registry } from '@warren/runtime/metrics'
import type { Fleet } from './fleet.ts'

/** What an SRE asks of an installation: how many instances are how, and whether a roll stands still. */
export type FleetMetrics = {
  sessionStarted(): void
}

/** @param roll read whenever the metrics are */
export function createFleetMetrics(
  registry: Registry,
  sources: {
    readonly fleet: Fleet
    readonly waiting: () => number
    readonly roll: () => { readonly paused: boolean; readonly waiting: number; readonly moving: number }
  },
): FleetMetrics {
  const registers = [registry]
  const gauge = (name: string, help: string, labelNames: string[], collect: (gauge: Gauge) => void) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        collect(this as Gauge)
      },
    })
  gauge(METRICS.operatorInstances, 'Instances by phase', ['phase'], (it) => {
    for (const [phase, count] of sources.fleet.phases()) it.set({ phase }, count)
  })
  gauge(METRICS.operatorConditions, 'Instances by condition', ['condition', 'status', 'reason'], (it) => {
    for (const [text, count] of sources.fleet.reasons()) {
      const [condition = '', status = '', reason = ''] = text.split('/')
      it.set({ condition, status, reason }, count)
    }
  })
  gauge(METRICS.operatorOverLimit, 'Instances that wait for a place in the plan', [], (it) =>
    it.set(sources.waiting()),
  )
  gauge(METRICS.operatorRollPaused, '1 while sessions that did not come back hold up the roll', [], (it) =>
    it.set(sources.roll().paused ? 1 : 0),
  )
  gauge(METRICS.operatorRollPods, 'Pods that wait to be replaced, and that are', ['state'], (it) => {
    const { waiting, moving } = sources.roll()
    it.set({ state: 'waiting' }, waiting)
    it.set({ state: 'moving' }, moving)
  })
  const starts = new Counter({ name: METRICS.operatorStarts, help: 'Session pods created', registers })
  return { sessionStarted: () => starts.inc() }
}
