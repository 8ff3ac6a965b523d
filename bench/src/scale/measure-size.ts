/** One size of fleet, measured once: a burst, a constant rate on top of it, and a rest. */
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '@warren/runtime/testing'
import { percentile } from '../stats.ts'
import type { World } from '../world.ts'
import { type ScaleCluster, startScaleCluster } from './cluster.ts'
import { createGenerator, type Generator } from './generator.ts'
import { type Bucket, quantileOf } from './prometheus.ts'
import { type Recorder, startRecorder, type Times } from './recorder.ts'
import type { Look, Replica } from './replica.ts'

export type ScaleOptions = {
  readonly perSecond: number
  /** Length of the constant rate; the operator looks at everything every 30 s, so whole multiples of that are fair. */
  readonly rateSeconds: number
  readonly restSeconds: number
  /** Flags of Node for the operator. */
  readonly flags: readonly string[]
}

export type SizeResult = {
  readonly podsPerSecond: number
  readonly readyPerSecond: number
  readonly burst: Latency
  readonly rate: Latency
  /** In ms, of the slowest controller, while the burst lasted. */
  readonly reconcile: { readonly p50: number; readonly p99: number }
  /** At the constant rate, each for one more instance. */
  readonly cpuMs: number
  readonly requests: number
  readonly reconciles: number
  /** At rest. */
  readonly writesPerMinute: number
  readonly restCpuMsPerMinute: number
  readonly rssMb: number
}

/** In ms. */
export type Latency = { readonly pod: P50P99; readonly ready: P50P99 }
type P50P99 = { readonly p50: number; readonly p99: number }

const TIMEOUT_MS = 900_000
/** What was begun may end: the last status, the last event. */
const SETTLE_MS = 3_000
/** Applied before the measured ones, so that the code is warm at every size. */
const WARM_UP_SECONDS = 5
/** Nobody takes over here: a machine that is busy for a moment must not end the measurement. */
const LONG_LEASE = { LEASE_SECONDS: '120', LEASE_RENEW_SECONDS: '100' }

export async function measureSize(world: World, size: number, options: ScaleOptions): Promise<SizeResult> {
  const cluster = await startScaleCluster(world, { flags: options.flags, env: LONG_LEASE })
  const recorder = startRecorder(cluster.client, cluster.namespace)
  try {
    const operator = await cluster.startOperator('first')
    await until(operator.leads, { timeoutMs: 60_000, everyMs: 100, describe: 'a leader' })
    const generator = createGenerator(cluster.client, cluster.namespace, recorder)
    const work = async () => ({
      ...(await measureBurst({ operator, generator, recorder }, size)),
      ...(await measureRate({ operator, generator, recorder }, options)),
      ...(await measureRest({ operator, cluster }, options)),
    })
    return await Promise.race([work(), cluster.died, operator.program.died])
  } finally {
    recorder.stop()
    await cluster.stop()
  }
}

type Parties = { readonly operator: Replica; readonly generator: Generator; readonly recorder: Recorder }

async function measureBurst({ operator, generator, recorder }: Parties, size: number) {
  const before = await operator.look()
  const names = await generator.burst(size)
  await recorder.complete(names, TIMEOUT_MS)
  await delay(SETTLE_MS)
  const times = recorder.timesOf(names)
  return {
    podsPerSecond: size / (times.allPods / 1_000),
    readyPerSecond: size / (times.allReady / 1_000),
    burst: latencyOf(times),
    reconcile: slowestController(before, await operator.look()),
  }
}

async function measureRate({ operator, generator, recorder }: Parties, options: ScaleOptions) {
  const { perSecond, rateSeconds } = options
  const run = async (seconds: number) => {
    const names = await generator.atRate({ count: perSecond * seconds, perSecond })
    await recorder.complete(names, TIMEOUT_MS)
    return names
  }
  await run(Math.min(WARM_UP_SECONDS, rateSeconds))
  const before = await operator.look()
  const names = await run(rateSeconds)
  await delay(SETTLE_MS)
  const after = await operator.look()
  const total = ({ results }: Look) => [...results.values()].reduce((sum, count) => sum + count, 0)
  return {
    rate: latencyOf(recorder.timesOf(names)),
    cpuMs: (after.cpuMs - before.cpuMs) / names.length,
    requests: (after.requests - before.requests) / names.length,
    reconciles: (total(after) - total(before)) / names.length,
  }
}

async function measureRest(
  { operator, cluster }: { operator: Replica; cluster: ScaleCluster },
  { restSeconds }: ScaleOptions,
) {
  const perMinute = 60 / restSeconds
  const [before, writesBefore] = [await operator.look(), await cluster.writes()]
  await delay(restSeconds * 1_000)
  const [after, writesAfter] = [await operator.look(), await cluster.writes()]
  return {
    writesPerMinute: (writesAfter - writesBefore) * perMinute,
    restCpuMsPerMinute: (after.cpuMs - before.cpuMs) * perMinute,
    rssMb: after.rssMb,
  }
}

function latencyOf({ toPod, toReady }: Times): Latency {
  const both = (values: readonly number[]) => ({
    p50: percentile(values, 0.5),
    p99: percentile(values, 0.99),
  })
  return { pod: both(toPod), ready: both(toReady) }
}

function slowestController(before: Look, after: Look): P50P99 {
  const all = [...after.reconciles].map(([controller, buckets]) => {
    const between = minus(buckets, before.reconciles.get(controller) ?? [])
    return { p50: quantileOf(between, 0.5) * 1_000, p99: quantileOf(between, 0.99) * 1_000 }
  })
  return all.reduce((slowest, one) => (one.p99 > slowest.p99 ? one : slowest), { p50: 0, p99: 0 })
}

const minus = (buckets: readonly Bucket[], before: readonly Bucket[]): Bucket[] =>
  buckets.map(({ upTo, count }, index) => ({ upTo, count: count - (before[index]?.count ?? 0) }))
