/**
 * The process of one session.
 *
 * Exit codes: 0 stopped in order · 1 an error that nobody caught · 64 the configuration is not usable · 65 the stored credentials do not
 * open with the given key · 75 the lease was lost or could not be renewed: a newer process has the
 * session, or the database is away · 130 killed by a second signal.
 *
 * Being logged out, banned or parked is a state and not an exit.
 */
import { randomBytes } from 'node:crypto'
import { isWarrenError, PROTECTION_DEFAULTS, PROTECTION_OFF, protectionSettings } from '@warren/contracts'
import { createRedisBus } from '@warren/runtime/bus'
import { systemClock as clock } from '@warren/runtime/clock'
import { ConfigError, describeConfig, loadConfig } from '@warren/runtime/config'
import { parseKeys } from '@warren/runtime/crypto'
import { createHealthServer } from '@warren/runtime/health'
import { createIds } from '@warren/runtime/ids'
import { createLifecycle, type ProcessLike, runUntilSignal } from '@warren/runtime/lifecycle'
import { createJsonLogger, type Logger } from '@warren/runtime/logger'
import { connectMongo } from '@warren/runtime/mongo'
import { createMongoSessionStore, type ProxyPoolReader } from '@warren/runtime/session-store'
import { createBusyGauge, createBusyShare } from './busy.ts'
import { CONFIG_SCHEMA, type PodConfig, sealingKeyOf } from './config.ts'
import { createControlServer } from './control/index.ts'
import { acquireLease } from './lease.ts'
import { createPod, type Pod } from './pod.ts'
import { fromFile, fromPool } from './proxy/index.ts'
import type { PairingRequest } from './session/model.ts'
import { collectAll, createTidy } from './tidy.ts'
import {
  assertRatchetGuarded,
  guardRatchet,
  mendGroupChains,
  quietConsole,
  trustSimulator,
} from './whatsapp/index.ts'

const EXIT = { usage: 64, credentials: 65, lostLease: 75 } as const
const VERSION = '0.1.0'
/** Stopping: the queue, the log, the goodbye and the lease, each with its own shorter limit. */
const STOP_MS = 12_000
/** A start waits for the lease as long as another holder lives. */
const START_MS = 24 * 3600_000
/** An event loop that has not turned for this long is not alive. */
const STALLED_MS = 20_000

async function main(): Promise<void> {
  const config = readConfig()
  if (process.argv.includes('--print-config')) {
    process.stdout.write(`${JSON.stringify(describeConfig(CONFIG_SCHEMA, config), undefined, 2)}\n`)
    return
  }
  // Baileys builds an error for every frame and every query; their stacks take half of its time.
  Error.stackTraceLimit = config.STACK_TRACE_LIMIT
  const logger = createJsonLogger({ level: config.LOG_LEVEL, sink: process.stdout, clock }).child({
    instance: config.WARREN_INSTANCE,
  })
  quietConsole(logger)
  guardRatchet()
  mendGroupChains()
  await assertRatchetGuarded()
  await run(config, logger)
}

function readConfig(): Readonly<PodConfig> {
  try {
    return loadConfig(CONFIG_SCHEMA, process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(EXIT.usage)
  }
}

async function run(config: Readonly<PodConfig>, logger: Logger): Promise<void> {
  const lifecycle = createLifecycle({ logger, clock })
  const starting = new AbortController()
  let pod: Pod | undefined
  let exitCode: number | undefined

  const fatal = (error: unknown): void => {
    // The socket first: from now on nothing may leave.
    pod?.cut()
    logger.error('the session is not ours any more', { error })
    setImmediate(() => process.exit(EXIT.lostLease))
  }

  const bus = createRedisBus({ url: config.REDIS_URL, clock, logger, ids: createIds(clock) })
  lifecycle.add('bus', bus)
  let mongo: Awaited<ReturnType<typeof connectMongo>> | undefined
  lifecycle.add(
    'mongo',
    {
      async start() {
        const connecting = connectMongo({
          uri: config.MONGODB_URI,
          dbName: config.MONGODB_SESSIONS_DB,
          appName: `session ${config.WARREN_INSTANCE}`,
          logger,
          clock,
          maxPoolSize: 3,
        })
        // A stop need not wait for a database that is away.
        mongo = await Promise.race([connecting, abortOf(starting.signal)])
      },
      stop: () => mongo?.close(),
    },
    { startMs: 90_000 },
  )
  lifecycle.add(
    'health',
    healthOf(config, () => pod),
  )
  if (config.CONTROL_PORT !== 'off')
    lifecycle.add(
      'control',
      createControlServer({
        port: config.CONTROL_PORT,
        host: '127.0.0.1',
        target: () => pod?.control(),
        clock,
        logger,
      }),
    )
  const collect = () => {
    pod?.forget()
    collectAll()
  }
  lifecycle.add('tidy', createTidy({ clock, busyShare: createBusyShare(), collect }))
  lifecycle.add(
    'session',
    {
      async start() {
        if (!mongo) throw new Error('MongoDB is not connected')
        try {
          pod = await openPod(config, mongo, { bus, logger, signal: starting.signal, fatal })
          await pod.start()
        } catch (error) {
          exitCode = exitCodeOf(error)
          throw error
        }
      },
      stop: () => pod?.stop(),
    },
    { startMs: START_MS, stopMs: STOP_MS },
  )
  // A start that waits for the lease must not keep a stop waiting.
  for (const signal of ['SIGTERM', 'SIGINT'])
    process.once(signal, () => starting.abort(new Error('stopping')))
  const host: ProcessLike = {
    on: (event, listener) => process.on(event, listener as () => void),
    exit: (code) => process.exit(exitCode ?? code),
  }
  await runUntilSignal(lifecycle, { logger, process: host, onUncaught: onUncaught(logger) })
}

/** Rejects when the signal is aborted. */
function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

async function openPod(
  config: Readonly<PodConfig>,
  mongo: Awaited<ReturnType<typeof connectMongo>>,
  env: {
    bus: ReturnType<typeof createRedisBus>
    logger: Logger
    signal: AbortSignal
    fatal: (error: unknown) => void
  },
): Promise<Pod> {
  const { bus, logger, signal, fatal } = env
  const url = config.WARREN_WHATSAPP_SIMULATOR && (await trustSimulator(config.WARREN_WHATSAPP_SIMULATOR))
  if (url) logger.warn('this session talks to a simulated WhatsApp', { url })
  const writer = createMongoSessionStore(mongo.db, clock)
  const leaseTtlMs = config.WARREN_LEASE_SECONDS * 1000
  const request = {
    instance: config.WARREN_INSTANCE,
    organization: config.WARREN_ORGANIZATION,
    holder: `${config.WARREN_POD_NAME}/${randomBytes(6).toString('hex')}`,
    ...(config.WARREN_PLACE ? { place: config.WARREN_PLACE } : {}),
    ttlMs: leaseTtlMs,
  }
  const { takeover, sinceMs } = await acquireLease(writer, request, { clock, logger, signal })
  logger.info('holding the session', { epoch: takeover.lease.epoch })
  const version = config.WARREN_WHATSAPP_VERSION?.split(',').map(Number) as
    | [number, number, number]
    | undefined
  return createPod({
    writer,
    queue: writer,
    bus,
    takeover,
    heldSinceMs: sinceMs,
    keys: parseKeys(config.WARREN_INSTANCE_KEY),
    clock,
    ids: createIds(clock),
    logger,
    random: Math.random,
    randomBytes,
    busy: createBusyGauge(),
    leaseTtlMs,
    quietMs: config.WARREN_QUIET_RENEWAL_SECONDS * 1000,
    pairing: pairingOf(config),
    protection: protectionOf(config),
    maxAttempts: config.WARREN_PAIRING_MAX_ATTEMPTS,
    confirmPasskey: config.WARREN_PASSKEY_CONFIRM,
    ...proxiesOf(config, writer),
    privateProxies: config.WARREN_PROXY_ALLOW_PRIVATE,
    ...(config.WARREN_PAIRING_PHONE_NUMBER ? { onlyPhone: config.WARREN_PAIRING_PHONE_NUMBER } : {}),
    ...(url ? { url } : {}),
    ...(version ? { version } : {}),
    onFatal: fatal,
  })
}

function proxiesOf(config: Readonly<PodConfig>, store: ProxyPoolReader) {
  const { WARREN_PROXIES_PATH: path, WARREN_PROXY_POOL: name, WARREN_PROXY_KEY: key } = config
  if (path) return { loadProxies: fromFile(path) }
  if (!name) return {}
  const pool = { organization: config.WARREN_ORGANIZATION, name, key: key ? sealingKeyOf(key) : undefined }
  return { loadProxies: fromPool(store, pool) }
}

function pairingOf(config: Readonly<PodConfig>): PairingRequest {
  const { WARREN_PAIRING_METHOD: method, WARREN_PAIRING_PHONE_NUMBER: phoneNumber } = config
  return method === 'code' && phoneNumber ? { method, phoneNumber } : { method: 'qr' }
}

/** A simulated WhatsApp bans nobody. */
function protectionOf({ WARREN_PROTECTION, WARREN_WHATSAPP_SIMULATOR }: Readonly<PodConfig>) {
  if (WARREN_PROTECTION) return protectionSettings(WARREN_PROTECTION)
  return WARREN_WHATSAPP_SIMULATOR ? PROTECTION_OFF : PROTECTION_DEFAULTS
}

/** Ready means that the session is ours and its loop turns; WhatsApp being away is no reason to be restarted. */
function healthOf(config: Readonly<PodConfig>, pod: () => Pod | undefined) {
  let turnedAt = clock.monotonicMs()
  const pulse = clock.setInterval(1_000, () => {
    turnedAt = clock.monotonicMs()
  })
  const loop = {
    name: 'event loop',
    run() {
      if (clock.monotonicMs() - turnedAt > STALLED_MS) throw new Error('stalled')
    },
  }
  const lease = {
    name: 'lease',
    run() {
      const held = pod()
      if (!held) throw new Error('waiting for the lease')
      return held.session.status().phase
    },
  }
  const server = createHealthServer({
    port: config.HEALTH_PORT,
    ...(config.HEALTH_HOST ? { host: config.HEALTH_HOST } : {}),
    version: VERSION,
    clock,
    liveness: [loop],
    readiness: [loop, lease],
    metrics: {
      contentType: 'text/plain; version=0.0.4; charset=utf-8',
      metrics: async () => (await pod()?.metrics.metrics()) ?? '',
    },
  })
  return {
    start: server.start,
    async stop() {
      pulse.stop()
      await server.stop()
    },
  }
}

function exitCodeOf(error: unknown): number | undefined {
  return isWarrenError(error, 'credentials_unreadable') ? EXIT.credentials : undefined
}

/**
 * Baileys starts promises that nobody waits for; when the connection closes under them they reject. Everything else that nobody caught
 * leaves an unknown state, and ends the process: a new one loses nothing.
 */
function onUncaught(logger: Logger): (error: unknown) => void {
  return (error) => {
    if ((error as { isBoom?: boolean } | undefined)?.isBoom) {
      logger.debug('a query of Baileys ended', { error })
      return
    }
    logger.error('uncaught error', { error })
    process.exit(1)
  }
}

await main()
