/**
 * What the operator costs and how quick it is, by the number of instances. The method is that of kueue's performance test: a generator, a
 * recorder with a watch of its own, and committed bounds (`bounds/operator.ts`); the control plane is real, the node starts nothing.
 */
import type { Figure, Measurement, Target } from '../figure.ts'
import { canReadProcesses } from '../process-stats.ts'
import { measureRecovery } from '../scale/measure-recovery.ts'
import { measureSize, type SizeResult } from '../scale/measure-size.ts'
import type { World } from '../world.ts'

export type OperatorOptions = {
  readonly sizes: readonly number[]
  readonly rounds: number
  /** Seconds of the constant rate, and of the rest. */
  readonly rate: number
  readonly rest: number
  /** Folder for CPU profiles of the operator. */
  readonly profile: string | undefined
}

/** As many a second as the operator starts unless told otherwise. */
const PER_SECOND = 20
/** Its figures are those that targets are about. */
const MAIN_SIZE = 1_000

export async function measureOperator(world: World, options: OperatorOptions): Promise<Measurement> {
  if (!canReadProcesses) throw new Error('The part "operator" reads /proc: it needs Linux.')
  const { sizes, rounds, rate, rest } = options
  const profile = options.profile ? ['--cpu-prof', `--cpu-prof-dir=${options.profile}`] : []
  const results = new Map<number, SizeResult[]>(sizes.map((size) => [size, []]))
  const recoveries: number[] = []
  for (let round = 1; round <= rounds; round++) {
    for (const size of sizes) {
      const seconds = { rateSeconds: rate, restSeconds: rest }
      const result = await measureSize(world, size, { perSecond: PER_SECOND, ...seconds, flags: profile })
      results.get(size)?.push(result)
      world.say(`  round ${round}, ${size} instances: ${summary(result)}`)
    }
    recoveries.push((await measureRecovery(world)) / 1_000)
    world.say(`  round ${round}, kill of the leader: ${recoveries.at(-1)?.toFixed(1)} s to the next pod`)
  }
  return { figures: figuresOf(results, recoveries), remarks: remarksOn(options) }
}

function summary({ podsPerSecond, reconcile, rate, cpuMs, writesPerMinute }: SizeResult): string {
  return [
    `${podsPerSecond.toFixed(0)} pods/s in the burst`,
    `reconcile p99 ${reconcile.p99.toFixed(0)} ms`,
    `then Ready after ${rate.ready.p50.toFixed(0)} ms, p99 ${rate.ready.p99.toFixed(0)} ms`,
    `${cpuMs.toFixed(1)} ms processor time each`,
    `${writesPerMinute.toFixed(0)} writes/min at rest`,
  ].join(', ')
}

/** Figures by size; the key belongs to one of the variants. */
function figuresOf(
  results: ReadonlyMap<number, readonly SizeResult[]>,
  recoveries: readonly number[],
): Figure[] {
  const sizes = [...results.keys()]
  const [smallest = 0, largest = 0] = [sizes[0], sizes.at(-1)]
  const label = (size: number) => `${size} instances`
  const values = (pick: (result: SizeResult) => number, suffix = '') =>
    Object.fromEntries([...results].map(([size, list]) => [`${label(size)}${suffix}`, list.map(pick)]))
  const percentiles = (pick: (result: SizeResult) => { p50: number; p99: number }) => ({
    ...values((result) => pick(result).p50, ', p50'),
    ...values((result) => pick(result).p99, ', p99'),
  })
  const of = (size: number, key: string, target?: Target, suffix = '') =>
    results.has(size)
      ? { absolute: { key, of: `${label(size)}${suffix}`, ...(target ? { target } : {}) } }
      : {}
  const growth = (key: string, target?: Target) =>
    smallest === largest
      ? {}
      : { ratios: [{ key, of: label(largest), over: label(smallest), ...(target ? { target } : {}) }] }

  return [
    {
      ...{ title: 'Operator: pods created in a burst', unit: 'pods/s', digits: 0 },
      values: values((one) => one.podsPerSecond),
      ...of(MAIN_SIZE, 'operator_create_per_s_1000', { atLeast: 100 }),
    },
    {
      ...{ title: 'Operator: instances that became Ready in a burst', unit: 'instances/s', digits: 0 },
      values: values((one) => one.readyPerSecond),
      ...of(MAIN_SIZE, 'operator_ready_per_s_1000'),
    },
    {
      ...{ title: 'Operator: apply to Ready in a burst', unit: 'ms', digits: 0 },
      values: percentiles((one) => one.burst.ready),
      ...of(MAIN_SIZE, 'operator_burst_ready_p99_ms', undefined, ', p99'),
    },
    {
      ...{ title: 'Operator: one reconcile in a burst, slowest controller', unit: 'ms', digits: 1 },
      values: percentiles((one) => one.reconcile),
      ...of(MAIN_SIZE, 'operator_reconcile_p99_ms', { below: 100 }, ', p99'),
    },
    {
      ...{ title: `Operator: apply to pod at ${PER_SECOND}/s`, unit: 'ms', digits: 0 },
      values: percentiles((one) => one.rate.pod),
      ...of(MAIN_SIZE, 'operator_pod_p99_ms', undefined, ', p99'),
    },
    {
      ...{ title: `Operator: apply to Ready at ${PER_SECOND}/s`, unit: 'ms', digits: 0 },
      values: percentiles((one) => one.rate.ready),
      ...of(MAIN_SIZE, 'operator_ready_p99_ms', { below: 500 }, ', p99'),
    },
    {
      ...{ title: 'Operator: processor time of one more instance', unit: 'ms', digits: 1 },
      values: values((one) => one.cpuMs),
      ...growth('operator_cost_growth', { atMost: 1.2 }),
    },
    {
      ...{ title: 'Operator: requests of one more instance', unit: 'requests', digits: 1 },
      values: values((one) => one.requests),
      ...of(MAIN_SIZE, 'operator_requests_per_instance'),
    },
    {
      ...{ title: 'Operator: reconciles of one more instance', unit: 'reconciles', digits: 1 },
      values: values((one) => one.reconciles),
    },
    {
      ...{ title: 'Operator: writes at rest', unit: 'writes/min', digits: 0 },
      values: values((one) => one.writesPerMinute),
      ...of(largest, 'operator_idle_writes_per_min', { atMost: 0 }),
    },
    {
      ...{ title: 'Operator: processor time at rest', unit: 'ms/min', digits: 0 },
      values: values((one) => one.restCpuMsPerMinute),
    },
    {
      ...{ title: 'Operator: resident memory at rest', unit: 'MB', digits: 0 },
      values: values((one) => one.rssMb),
      ...of(largest, 'operator_rss_mb'),
    },
    {
      ...{ title: 'Operator: kill of the leader to the next pod', unit: 's', digits: 1 },
      values: { 'one standby': recoveries },
      absolute: { key: 'operator_recover_s', of: 'one standby', target: { atMost: 20 } },
    },
  ]
}

function remarksOn({ sizes, rate, rest }: OperatorOptions): string[] {
  return [
    `Each size has a control plane of its own (etcd, API server, controller manager), empty databases and a new operator process. First all instances are applied at once, by 32 clients; then, on top of them, ${PER_SECOND} a second for ${rate} s, each timed by itself; then nothing happens for ${rest} s. Times are those of a watch of the bench's own, from just before the apply until the pod, or the condition Ready, was seen.`,
    `The node starts nothing: a pod runs at once, and its session says in MongoDB and on Redis that it is connected, as a linked one does. So Ready is what Kubernetes and the operator need, without a session's own start. The pace of starts, by default ${PER_SECOND} a second, was lifted. All of it shares the processor: the control plane takes most of it.`,
    `Processor time, requests and reconciles are counted at the constant rate, after a warm-up, so that ${sizes.at(-1)} and ${sizes[0]} instances are compared by what one more of them costs. Writes at rest are the API server's own count for instances, pods, secrets and events; the leader renews its Lease beside that. A leader that is killed keeps its Lease for 15 s, which a standby has to wait for.`,
  ]
}
