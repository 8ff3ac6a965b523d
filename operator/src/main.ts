/**
 * The process of the operator. Of several replicas one leads; the others hold full caches and wait.
 *
 * Exit codes: 0 stopped in order · 1 an error that nobody caught · 64 the configuration is not usable · 75 the lease was lost: another replica
 * leads · 130 killed by a second signal.
 */
import { randomBytes } from 'node:crypto'
import { createRedisBus } from '@warren/runtime/bus'
import { systemClock as clock } from '@warren/runtime/clock'
import { connectionOf, createKubernetesCluster } from '@warren/runtime/cluster/kubernetes'
import { ConfigError, describeConfig, loadConfig } from '@warren/runtime/config'
import { createHealthServer } from '@warren/runtime/health'
import { createIds } from '@warren/runtime/ids'
import { createLifecycle, runUntilSignal } from '@warren/runtime/lifecycle'
import type { Logger } from '@warren/runtime/logger'
import { createRegistry } from '@warren/runtime/metrics'
import { connectMongo, type MongoConnection } from '@warren/runtime/mongo'
import { createMongoSessionStore, migrateSessionStore } from '@warren/runtime/session-store'
import { createWinstonLogger } from '@warren/runtime/winston'
import manifest from '../package.json' with { type: 'json' }
import {
  masterKeysOf,
  namespacesOf,
  type OperatorConfig,
  operatorConfigSchema,
  proxyMasterKeyOf,
} from './config.ts'
import { createElector } from './leader/elector.ts'
import { createLeaderMetrics } from './metrics.ts'
import { createOperator, type Operator } from './operator.ts'
import type { SessionPodTemplate } from './pods/template.ts'
import { readTemplateFile } from './template-file.ts'

const EXIT = { usage: 64, lostLease: 75 } as const
const { version } = manifest
/** Reconciles under way may take so long to end. */
const DRAIN_MS = 25_000
/** MongoDB may be starting as well. */
const MONGO_START_MS = 90_000

function main(): Promise<void> | void {
  const config = readConfig()
  if (process.argv.includes('--print-config')) {
    process.stdout.write(`${JSON.stringify(describeConfig(operatorConfigSchema, config), undefined, 2)}\n`)
    return
  }
  const { LOG_LEVEL: level, LOG_FORMAT: format } = config
  const logger = createWinstonLogger({ level, format, stream: process.stdout })
  return run(
    config,
    readOrExit(() => templateOf(config)),
    logger.child({ replica: config.POD_NAME }),
  )
}

function readConfig(): OperatorConfig {
  return readOrExit(() => loadConfig(operatorConfigSchema, process.env))
}

function readOrExit<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(EXIT.usage)
  }
}

/** Sessions get their connection strings as files of their own secret, never in the pod's spec. */
function templateOf(config: OperatorConfig): SessionPodTemplate {
  const proxyMasterKey = proxyMasterKeyOf(config)
  return {
    ...(proxyMasterKey ? { proxyMasterKey } : {}),
    previousMasterKeys: masterKeysOf(config).previousMasterKeys,
    ...readTemplateFile(config.WARREN_SESSION_TEMPLATE_FILE),
    secretEnv: {
      MONGODB_URI: config.SESSION_MONGODB_URI ?? config.MONGODB_URI,
      REDIS_URL: config.SESSION_REDIS_URL ?? config.REDIS_URL,
    },
  }
}

async function run(config: OperatorConfig, template: SessionPodTemplate, logger: Logger): Promise<void> {
  const lifecycle = createLifecycle({ logger, clock })
  const registry = createRegistry({ service: 'operator', version })
  const namespaces = namespacesOf(config)
  const cluster = createKubernetesCluster({
    connection: connectionOf(process.env),
    ...(namespaces ? { namespaces } : {}),
    fieldManager: 'warren-operator',
    identity: config.POD_NAME,
    clock,
    logger,
    registry,
  })
  const bus = createRedisBus({ url: config.REDIS_URL, clock, logger, ids: createIds(clock) })
  let mongo: MongoConnection | undefined
  let operator: Operator | undefined
  let working = false
  let synced = false
  void cluster.synced.then(() => {
    synced = true
    logger.info('the caches are full')
  })

  /** An operator that could not begin leads nothing: the process ends, and with it the lease. */
  async function lead(): Promise<void> {
    if (!mongo) throw new Error('MongoDB is not connected')
    leader.leading(true)
    working = true
    operator = createOperator({
      cluster,
      sessions: createMongoSessionStore(mongo.db, clock),
      bus,
      clock,
      logger,
      registry,
      template,
      masterKey: masterKeysOf(config).masterKey,
      starts: { perSecond: config.STARTS_PER_SECOND, burst: config.STARTS_BURST },
      defaultInstanceLimit: config.DEFAULT_INSTANCE_LIMIT,
      roll: {
        maxUnavailable: config.ROLL_MAX_UNAVAILABLE_PERCENT / 100,
        maxUnavailablePerOrganization: config.ROLL_MAX_UNAVAILABLE_PER_ORGANIZATION,
      },
      workers: config.WORKERS,
    })
    await operator.start()
    logger.info('everything was seen once')
  }

  const leader = createLeaderMetrics(registry, config.LEASE_NAME)
  const elector = createElector({
    store: cluster.leases({ namespace: config.POD_NAMESPACE, name: config.LEASE_NAME }),
    identity: `${config.POD_NAME}_${randomBytes(6).toString('hex')}`,
    times: {
      leaseMs: config.LEASE_SECONDS * 1_000,
      renewMs: config.LEASE_RENEW_SECONDS * 1_000,
      retryMs: config.LEASE_RETRY_SECONDS * 1_000,
    },
    clock,
    random: Math.random,
    logger,
    onElected: () => void lead(),
    // Whatever is under way ends with the process; what it was about to write is not ours to write any more.
    onLost: () => process.exit(EXIT.lostLease),
  })
  const health = createHealthServer({
    port: config.HEALTH_PORT,
    ...(config.HEALTH_HOST ? { host: config.HEALTH_HOST } : {}),
    version,
    clock,
    liveness: [
      { name: 'workers', run: () => assertWell(operator?.problems()[0]) },
      { name: 'reflectors', run: () => assertWell(cluster.problem()) },
      { name: 'election', run: () => assertWell(elector.problem()) },
    ],
    readiness: [{ name: 'caches', run: () => assertWell(synced ? undefined : 'not full yet') }],
    metrics: registry,
  })

  lifecycle.add('health', health)
  lifecycle.add('bus', bus)
  lifecycle.add(
    'mongo',
    {
      async start() {
        mongo = await connectMongo({
          uri: config.MONGODB_URI,
          dbName: config.MONGODB_SESSIONS_DB,
          appName: `operator ${config.POD_NAME}`,
          logger,
          clock,
        })
        await migrateSessionStore(mongo.db)
      },
      stop: () => mongo?.close(),
    },
    { startMs: MONGO_START_MS },
  )
  lifecycle.add('cluster', cluster)
  lifecycle.add('election', {
    start() {
      // Whoever leads must not have to read everything first.
      void cluster.synced.then(elector.start)
    },
    stop: () => elector.stop({ release: !working }),
  })
  lifecycle.add(
    'operator',
    {
      async stop() {
        await operator?.stop()
        working = false
      },
    },
    { stopMs: DRAIN_MS },
  )
  lifecycle.add('readiness', { stop: health.drain })
  await runUntilSignal(lifecycle, { logger, process })
}

function assertWell(problem: string | undefined): void {
  if (problem) throw new Error(problem)
}

await main()
