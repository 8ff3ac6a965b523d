/** The composition root of one machine: everything that Kubernetes would run in several pods, in one process. */
import { writeFile } from 'node:fs/promises'
import { createApi, loadApiConfig } from '@warren/api'
import { createOperator } from '@warren/operator'
import { createRedisBus } from '@warren/runtime/bus'
import { systemClock as clock } from '@warren/runtime/clock'
import { createLocalCluster, type LocalCluster } from '@warren/runtime/cluster/local'
import { type Environment, freePort } from '@warren/runtime/embedded'
import { createHealthServer } from '@warren/runtime/health'
import { createIds } from '@warren/runtime/ids'
import type { Lifecycle } from '@warren/runtime/lifecycle'
import { createRegistry } from '@warren/runtime/metrics'
import { connectMongo } from '@warren/runtime/mongo'
import { createMongoSessionStore, migrateSessionStore } from '@warren/runtime/session-store'
import { createSimulator, type Simulator } from '@warren/simulator'
import { LOOPBACK, type Options, StartError } from '../options.ts'
import type { Terminal } from '../terminal.ts'
import { type ComponentLogs, createComponentLogs } from './component-logs.ts'
import { type DataFolder, openDataFolder } from './data-folder.ts'
import { startDataServices } from './data-services.ts'
import { assertPortFree } from './free-or-fail.ts'
import { openMedia } from './object-store.ts'
import { ensureOwner, type Owner } from './owner.ts'
import { sessionTemplate } from './session-template.ts'

const SESSIONS_DB = 'warren_sessions'
const VERSION = '0.1.0'
const SAVE_SIMULATOR_MS = 15_000
/** For a given MongoDB that may be starting as well. */
const MONGO_PATIENCE_MS = 15_000
/** New sessions a second: two cores connect about this many without slowing each other down. */
const STARTS = { perSecond: 4, burst: 8 }

/** Warren, running. */
export type Warren = {
  readonly folder: DataFolder
  readonly cluster: LocalCluster
  readonly owner: Owner
  /** `http://host:port` of the API. */
  readonly url: string
  readonly healthUrl: string
  readonly simulator: { readonly control: Simulator; readonly controlUrl: string } | undefined
  readonly logs: ComponentLogs
}

type Boot = {
  readonly options: Options
  readonly terminal: Terminal
  readonly env: Environment
  /** Started and empty; gets everything that is to be stopped, in order. */
  readonly lifecycle: Lifecycle
}

/**
 * Starts everything, telling each step.
 * @throws StartError for what a person can mend
 */
export async function bootWarren({ options, terminal, env, lifecycle }: Boot): Promise<Warren> {
  await assertPortFree(options.port, options.host)
  const folder = await openDataFolder(options.dataDir, options.mode === 'real' ? 'real' : 'simulated')
  lifecycle.add('data folder', { stop: folder.unlock })
  const logs = createComponentLogs(folder.logs, clock)
  lifecycle.add('logs', { stop: logs.close })
  const { mongoUri, redisUrl } = await startDataServices(folder, { env, terminal, lifecycle })
  const ids = createIds(clock)

  const simulator = options.mode === 'real' ? undefined : await startSimulator(folder, terminal, lifecycle)

  const step = terminal.step('Warren')
  const logger = logs.logger('warren')
  const mongo = await connectMongo({
    uri: mongoUri,
    dbName: SESSIONS_DB,
    appName: 'warren standalone',
    logger,
    clock,
    waitMs: MONGO_PATIENCE_MS,
  }).catch((cause: Error) => {
    throw new StartError('MongoDB does not answer: check MONGODB_URI.', { cause })
  })
  lifecycle.add('mongo client', { stop: mongo.close })
  await migrateSessionStore(mongo.db)
  const sessions = createMongoSessionStore(mongo.db, clock)
  const bus = createRedisBus({ url: redisUrl, clock, logger, ids })
  await bus.start()
  lifecycle.add('bus', bus)
  // Later it may go away at any time; at the start it is more likely to be a wrong address.
  if (!bus.connected()) throw new StartError('Redis does not answer: check REDIS_URL.')

  const cluster = createLocalCluster({
    dir: folder.instances,
    stateDir: folder.path('cluster'),
    logsDir: folder.logs,
    logger: logs.logger('cluster'),
    onProblem(file, problem) {
      if (problem === undefined) terminal.success(`${file} is in order again`)
      else terminal.warn(problem)
    },
  })
  await cluster.start()
  lifecycle.add('cluster', cluster)

  const proxyMasterKey = await folder.secret('proxy-master-key')
  const registry = createRegistry({ service: 'standalone', version: VERSION })
  const operator = createOperator({
    cluster,
    sessions,
    bus,
    clock,
    logger: logs.logger('operator'),
    registry,
    masterKey: { id: 1, bytes: await folder.secret('master-key') },
    template: sessionTemplate({
      mongoUri,
      sessionsDb: SESSIONS_DB,
      redisUrl,
      proxyMasterKey: { id: 1, bytes: proxyMasterKey },
      simulator: simulator?.controlUrl,
    }),
    starts: STARTS,
  })
  await operator.start()
  lifecycle.add('operator', operator)

  const port = options.port || (await freePort())
  const url = `http://localhost:${port}`
  const api = await createApi({
    config: loadApiConfig({
      HOST: options.host,
      PORT: String(port),
      MONGODB_URI: mongoUri,
      REDIS_URL: redisUrl,
      WARREN_PROXY_MASTER_KEY: `1:${proxyMasterKey.toString('base64')}`,
      JWT_SECRET: (await folder.secret('jwt')).toString('base64'),
      // One person at a terminal, not the internet.
      RATE_LIMIT_API: '100000/900',
      RATE_LIMIT_AUTH: '100/900',
      RATE_LIMIT_MESSAGES: '10000/60',
      RATE_LIMIT_UPLOADS: '1000/3600',
    }),
    cluster,
    sessions,
    bus,
    clock,
    ids,
    logger: logs.logger('api'),
    registry,
    ...(await openMedia(folder, url, env)),
  })
  lifecycle.add('api', api)
  const owner = await ensureOwner(api, folder)
  await api.worker.start()
  await api.web.start()

  const health = createHealthServer({
    port: 0,
    host: LOOPBACK,
    version: VERSION,
    clock,
    liveness: [{ name: 'operator', run: () => assertNone(operator.problems()) }],
    metrics: registry,
  })
  await health.start()
  lifecycle.add('health', health)
  step.done(url)

  const warren: Warren = {
    folder,
    cluster,
    owner,
    url,
    healthUrl: `http://${LOOPBACK}:${health.port()}`,
    simulator,
    logs,
  }
  await writeStatusFile(warren)
  return warren
}

async function startSimulator(folder: DataFolder, terminal: Terminal, lifecycle: Lifecycle) {
  const step = terminal.step('Simulator')
  const control = createSimulator({ stateFile: folder.path('simulator.json') })
  const { controlUrl } = await control.start()
  lifecycle.add('simulator', control)
  // If we are killed, phones and contacts must not have forgotten what their sessions know.
  const saving = clock.setInterval(SAVE_SIMULATOR_MS, () => void control.save().catch(() => {}))
  lifecycle.add('simulator state', saving)
  step.done(controlUrl)
  return { control, controlUrl }
}

/** For scripts and tests: where things are. Without secrets. */
async function writeStatusFile({ folder, url, healthUrl, simulator }: Warren): Promise<void> {
  const status = {
    pid: process.pid,
    url,
    healthUrl,
    controlUrl: simulator?.controlUrl,
    instances: folder.instances,
    logs: folder.logs,
  }
  await writeFile(folder.path('warren.json'), `${JSON.stringify(status, undefined, 2)}\n`)
}

function assertNone(problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(problems.join('; '))
}
