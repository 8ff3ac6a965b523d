/** A replica of the operator as it runs in a cluster: its own process, configured by the environment, seen through its port. */
import { join } from 'node:path'
import { freePort } from '@warren/runtime/embedded'
import { until } from '@warren/runtime/testing'
import { cpuMs, memoryMb } from '../process-stats.ts'
import { type Program, startProgram } from '../program.ts'
import { type Bucket, bucketsOf, type Sample, samplesOf, sumOf } from './prometheus.ts'

const MAIN = join(import.meta.dirname, '../../../operator/src/main.ts')
/** The machine may be busy with a control plane that starts. */
const START_MS = 300_000

export type Replica = {
  readonly program: Program
  /** Resolves when its caches are full. */
  ready(): Promise<void>
  leads(): Promise<boolean>
  look(): Promise<Look>
}

/** What can be seen of a replica at one moment; counters count from its start. */
export type Look = {
  readonly cpuMs: number
  readonly rssMb: number
  /** Requests to the API server. */
  readonly requests: number
  /** How long reconciles took in seconds, by controller. */
  readonly reconciles: ReadonlyMap<string, readonly Bucket[]>
  /** How reconciles ended, by `controller result`. */
  readonly results: ReadonlyMap<string, number>
}

const NAMES = [
  'rest_client_requests_total',
  'leader_election_master_status',
  'controller_runtime_reconcile_time_seconds_bucket',
  'controller_runtime_reconcile_total',
]

export async function startReplica(options: {
  readonly name: string
  readonly env: Readonly<Record<string, string>>
  /** Flags of Node. */
  readonly flags: readonly string[]
  readonly folder: string
}): Promise<Replica> {
  const { name, folder } = options
  const port = await freePort()
  const program = startProgram({
    name: `operator ${name}`,
    args: [...options.flags, MAIN],
    env: {
      ...options.env,
      NODE_ENV: 'production',
      POD_NAME: name,
      HEALTH_HOST: '127.0.0.1',
      HEALTH_PORT: String(port),
    },
    logFile: join(folder, `${name}.log`),
    ipc: false,
  })
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`)
    return { ok: response.ok, text: await response.text() }
  }
  const samples = async () => samplesOf((await get('/metrics')).text, NAMES)
  return {
    program,
    ready: async () =>
      void (await Promise.race([
        program.died,
        until(async () => (await get('/readyz')).ok, {
          timeoutMs: START_MS,
          describe: `${name} to be ready`,
        }),
      ])),
    leads: async () => sumOf(await samples(), (one) => one.name === 'leader_election_master_status') === 1,
    async look() {
      const all = await samples()
      const named = (wanted: string) => all.filter((one) => one.name === wanted)
      const buckets = Map.groupBy(
        named('controller_runtime_reconcile_time_seconds_bucket'),
        ({ labels }: Sample) => labels.controller ?? '',
      )
      return {
        cpuMs: cpuMs(program.pid),
        rssMb: memoryMb(program.pid).rss,
        requests: sumOf(named('rest_client_requests_total')),
        reconciles: new Map([...buckets].map(([controller, list]) => [controller, bucketsOf(list)])),
        results: new Map(
          named('controller_runtime_reconcile_total').map(({ labels, value }) => [
            `${labels.controller} ${labels.result}`,
            value,
          ]),
        ),
      }
    },
  }
}
