import { METRICS } from '@warren/contracts'
import { Counter, Gauge, Histogram, LATENCY_BUCKETS, type Registry } from '../../metrics/index.ts'
import type { HttpDeps } from './http.ts'
import type { Reflector, ReflectorObserver } from './reflector.ts'

export type ClusterMetrics = {
  readonly onAnswer: NonNullable<HttpDeps['onAnswer']>
  /** For reflectors of one kind. */
  observer(kind: string): ReflectorObserver
  /** Whose silence is measured. */
  watch(kind: string, reflector: Reflector): void
}

/** Requests under client-go's names; reflectors under our own. */
export function createClusterMetrics(registry: Registry): ClusterMetrics {
  const registers = [registry]
  const reflectors: { readonly kind: string; readonly reflector: Reflector }[] = []
  const requests = new Counter({
    name: METRICS.restRequests,
    help: 'Answers of the Kubernetes API by HTTP code and method; <error> is none.',
    labelNames: ['code', 'method'],
    registers,
  })
  const seconds = new Histogram({
    name: METRICS.restSeconds,
    help: 'How long the Kubernetes API takes to answer.',
    labelNames: ['verb'],
    buckets: [...LATENCY_BUCKETS],
    registers,
  })
  const lists = new Counter({
    name: METRICS.reflectorLists,
    help: 'Complete lists that were read; more than one a process and kind means that a watch was lost.',
    labelNames: ['kind'],
    registers,
  })
  const ends = new Counter({
    name: METRICS.reflectorWatchEnds,
    help: 'Watches that ended: closed in order, expired (410), silent or with an error.',
    labelNames: ['kind', 'why'],
    registers,
  })
  new Gauge({
    name: METRICS.reflectorSilence,
    help: 'Seconds since the Kubernetes API last told something of this kind.',
    labelNames: ['kind'],
    registers,
    collect() {
      const silence = new Map<string, number>()
      for (const { kind, reflector } of reflectors)
        silence.set(kind, Math.max(silence.get(kind) ?? 0, reflector.silentSeconds()))
      for (const [kind, value] of silence) this.set({ kind }, value)
    },
  })

  return {
    onAnswer(method, code, took) {
      requests.inc({ code, method })
      seconds.observe({ verb: method }, took)
    },
    observer: (kind) => ({
      listed: () => lists.inc({ kind }),
      watchEnded: (why) => ends.inc({ kind, why }),
    }),
    watch: (kind, reflector) => void reflectors.push({ kind, reflector }),
  }
}
