/**
 * A process of the API: `--role web` serves clients, `--role worker` projects journals, `--role all` (the default) does both.
 * `--create-owner` makes the first user of an organisation and ends; the password is read from standard input, or made up.
 *
 * Exit codes: 0 stopped in order · 1 an error that nobody caught, or no owner was made · 2 wrong arguments · 64 the configuration is not usable · 130 killed by a
 * second signal.
 */
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { createRedisBus } from '@warren/runtime/bus'
import { systemClock as clock } from '@warren/runtime/clock'
import { connectionOf, createKubernetesCluster } from '@warren/runtime/cluster/kubernetes'
import { ConfigError, describeConfig } from '@warren/runtime/config'
import { createHealthServer } from '@warren/runtime/health'
import { createIds } from '@warren/runtime/ids'
import { createLifecycle, runUntilSignal } from '@warren/runtime/lifecycle'
import { createRegistry } from '@warren/runtime/metrics'
import { connectMongo, type MongoConnection } from '@warren/runtime/mongo'
import { createS3Store } from '@warren/runtime/object-store'
import { createMongoSessionStore, migrateSessionStore } from '@warren/runtime/session-store'
import { createWinstonLogger } from '@warren/runtime/winston'
import manifest from '../package.json' with { type: 'json' }
import { apiConfigSchema } from './config.ts'
import { type Api, createApi } from './create-api.ts'
import { createOwner, type NewOwner } from './create-owner.ts'
import { loadProcessConfig, processConfigSchema } from './process-config.ts'

const ROLES = ['web', 'worker', 'all'] as const
type Role = (typeof ROLES)[number]

const EXIT = { failed: 1, arguments: 2, usage: 64 } as const
const USAGE = `Usage: node main.ts [--role web|worker|all] [--print-config]
       node main.ts --create-owner EMAIL --organization NAME [--plan NAME] [< PASSWORD]
`
const { version } = manifest
/** Requests and jobs under way may take so long to end. */
const DRAIN_MS = 25_000
/** MongoDB may be starting as well. */
const MONGO_START_MS = 90_000

function main(): Promise<void> | void {
  const { role, printConfig, owner } = readArguments()
  const config = readConfig()
  if (owner) return makeOwner(config, owner)
  if (printConfig) {
    const shown = {
      ...describeConfig(apiConfigSchema, config.api),
      ...describeConfig(processConfigSchema, config.process),
    }
    process.stdout.write(`${JSON.stringify(shown, undefined, 2)}\n`)
    return
  }
  return run(role, config)
}

type Arguments = { role: Role; printConfig: boolean; owner?: Omit<NewOwner, 'password'> }

function readArguments(): Arguments {
  try {
    const { values } = parseArgs({
      options: {
        role: { type: 'string', default: 'all' },
        'print-config': { type: 'boolean', default: false },
        'create-owner': { type: 'string' },
        organization: { type: 'string' },
        plan: { type: 'string', default: 'max' },
      },
    })
    const role = ROLES.find((one) => one === values.role)
    if (!role) throw new Error(`there is no role ${values.role}`)
    const { 'print-config': printConfig, 'create-owner': email, organization, plan } = values
    if (email === undefined) return { role, printConfig }
    if (organization === undefined) throw new Error('--create-owner needs --organization')
    return { role, printConfig, owner: { email, organization, plan } }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n${USAGE}`)
    process.exit(EXIT.arguments)
  }
}

function readConfig() {
  try {
    return loadProcessConfig(process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(EXIT.usage)
  }
}

async function makeOwner(
  config: ReturnType<typeof loadProcessConfig>,
  owner: Omit<NewOwner, 'password'>,
): Promise<void> {
  try {
    const password = process.stdin.isTTY ? undefined : (await text(process.stdin)).replace(/\r?\n$/, '')
    process.stdout.write(`${await createOwner(config, { ...owner, password })}\n`)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exitCode = EXIT.failed
  }
}

async function run(role: Role, config: ReturnType<typeof loadProcessConfig>): Promise<void> {
  const { process: here } = config
  const logger = createWinstonLogger({
    level: here.LOG_LEVEL,
    format: here.LOG_FORMAT,
    stream: process.stdout,
  }).child({ replica: here.POD_NAME, role })
  const lifecycle = createLifecycle({ logger, clock })
  const registry = createRegistry({ service: `api-${role}`, version })
  const ids = createIds(clock)
  const bus = createRedisBus({ url: config.api.REDIS_URL, clock, logger, ids })
  const cluster = createKubernetesCluster({
    connection: connectionOf(process.env),
    ...(here.WATCH_NAMESPACES ? { namespaces: here.WATCH_NAMESPACES.split(',') } : {}),
    scope: 'instances',
    fieldManager: 'warren-api',
    identity: here.POD_NAME,
    clock,
    logger,
    registry,
  })
  let synced = false
  void cluster.synced.then(() => {
    synced = true
  })
  const objectStore = createS3Store({
    endpoint: here.S3_ENDPOINT,
    ...(here.S3_PUBLIC_ENDPOINT ? { publicEndpoint: here.S3_PUBLIC_ENDPOINT } : {}),
    accessKey: here.S3_ACCESS_KEY,
    secretKey: here.S3_SECRET_KEY,
    bucket: here.S3_BUCKET,
    region: here.S3_REGION,
    clock,
  })
  let mongo: MongoConnection | undefined
  let api: Api | undefined
  let serving = false
  const health = createHealthServer({
    port: here.HEALTH_PORT,
    ...(here.HEALTH_HOST ? { host: here.HEALTH_HOST } : {}),
    version,
    clock,
    liveness: [{ name: 'reflectors', run: () => assertWell(cluster.problem()) }],
    readiness: [
      { name: 'started', run: () => assertWell(serving ? undefined : 'not yet') },
      { name: 'instances', run: () => assertWell(synced ? undefined : 'not read from Kubernetes yet') },
      { name: 'mongo', run: () => mongo?.ping() },
      { name: 'redis', optional: true, run: () => assertWell(bus.connected() ? undefined : 'not connected') },
    ],
    metrics: registry,
  })

  lifecycle.add('health', health)
  lifecycle.add('bus', bus)
  lifecycle.add('cluster', cluster)
  lifecycle.add(
    'mongo',
    {
      async start() {
        mongo = await connectMongo({
          uri: config.api.MONGODB_URI,
          dbName: here.MONGODB_SESSIONS_DB,
          appName: `api ${here.POD_NAME}`,
          logger,
          clock,
        })
        await migrateSessionStore(mongo.db)
      },
      stop: () => mongo?.close(),
    },
    { startMs: MONGO_START_MS },
  )
  lifecycle.add('object store', { start: () => objectStore.start() })
  lifecycle.add(
    'api',
    {
      async start() {
        if (!mongo) throw new Error('MongoDB is not connected')
        const sessions = createMongoSessionStore(mongo.db, clock)
        api = await createApi({
          config: config.api,
          cluster,
          sessions,
          objectStore,
          bus,
          clock,
          ids,
          logger,
          registry,
        })
        if (role !== 'web') await api.worker.start()
        if (role !== 'worker') await api.web.start()
        serving = true
      },
      stop: () => api?.stop(),
    },
    { startMs: MONGO_START_MS, stopMs: DRAIN_MS },
  )
  lifecycle.add('readiness', { stop: health.drain })
  await runUntilSignal(lifecycle, { logger, process })
}

function assertWell(problem: string | undefined): void {
  if (problem) throw new Error(problem)
}

await main()
