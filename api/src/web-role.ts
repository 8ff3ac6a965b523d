/** The web role: what clients talk to. Any number of replicas; none of them keeps anything that another would need. */
import { METRICS } from '@warren/contracts'
import type { Subscription } from '@warren/runtime/bus'
import type { HealthCheck } from '@warren/runtime/health'
import { Gauge, Histogram, LATENCY_BUCKETS } from '@warren/runtime/metrics'
import { Router } from 'express'
import { Redis } from 'ioredis'
import manifest from '../package.json' with { type: 'json' }
import type { ApiDeps } from './create-api.ts'
import { API_PREFIX, createHttpApp } from './http/app.ts'
import { docsRouter } from './http/docs.ts'
import { createIdempotency } from './http/idempotency.ts'
import type { ApiModule } from './http/index.ts'
import { type OpenApiDocument, openApiDocument } from './http/openapi.ts'
import {
  type Budget,
  createRateLimiter,
  parseBudget,
  type RateLimiter,
  unlimited,
} from './http/rate-limit.ts'
import type { RequestObserver } from './http/request-log.ts'
import { createWebServer } from './http/server.ts'
import { createAuthModule } from './modules/auth/index.ts'
import { createChatsModule } from './modules/chats/index.ts'
import { createContactsModule } from './modules/contacts/index.ts'
import {
  createEventHub,
  createEventsModule,
  createOpenStream,
  createSocketServer,
  createSseServer,
  createStreamClients,
} from './modules/events/index.ts'
import { healthRouter } from './modules/health/index.ts'
import { createInstancesModule } from './modules/instances/index.ts'
import { createKeysModule } from './modules/keys/index.ts'
import { createMediaModule } from './modules/media/index.ts'
import { createMessagesModule } from './modules/messages/index.ts'
import { createOrganizationsModule } from './modules/organizations/index.ts'
import { createPasskeyModule, helperPageRouter } from './modules/passkey/index.ts'
import { createProtectionModule } from './modules/protection/index.ts'
import { createProxiesModule } from './modules/proxies/index.ts'
import { createSnapshotModule } from './modules/snapshots/index.ts'
import { createTransferModule } from './modules/transfer/index.ts'
import type { PlatformDatabase } from './platform/index.ts'
import type { Services } from './services.ts'

export type WebRole = {
  start(): Promise<void>
  /** Finishes requests under way; streams are closed with a hint to come back. */
  stop(): Promise<void>
  /** `http://host:port`, between start and stop. */
  address(): string
  readonly modules: readonly ApiModule[]
  readonly openApi: OpenApiDocument
  readonly checks: readonly HealthCheck[]
}

/** Where the URLs of a folder store lead: its signer's base URL is the public address and this. */
export const BLOBS_PATH = '/blobs'

/** Names of callers whose sign-in or key has ended, from one replica to the others. */
const ENDED_CHANNEL = 'warren:ended'

/** How many callers' budgets an organisation has in all, and how many addresses' an account. */
const SHARED_FACTOR = 10

/** How long requests that are under way may take after a stop was asked for. */
const GRACE_MS = 8_000

export function createWebRole(deps: ApiDeps, database: PlatformDatabase, services: Services): WebRole {
  const { config, clock, ids, logger, bus, sessions, redisPrefix = 'warren' } = deps
  let draining = false
  const origins = config.CORS_ORIGINS.split(',')
    .map((origin) => origin.trim())
    .filter(Boolean)
  const liveClients = liveClientsGauge(deps)
  const redis = new Redis(config.REDIS_URL, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
  })
  redis.on('error', (error) => logger.debug('rate limits are counted locally while Redis is away', { error }))

  const { instances } = services
  const hub = createEventHub({ bus, sessions, instancesOf: instances.ids, clock, logger })
  const openStream = createOpenStream({ hub, sessions, instancesOf: instances.ids, clock, logger })
  const limited = config.RATE_LIMIT === 'on'
  const streams = createStreamClients({
    perCaller: limited ? config.STREAMS_PER_CALLER : Number.POSITIVE_INFINITY,
    perOrganization: limited ? config.STREAMS_PER_ORGANIZATION : Number.POSITIVE_INFINITY,
  })
  const limiter = rateLimiterOf(deps, redis)
  const sse = createSseServer({
    open: openStream,
    streams,
    heartbeatSeconds: config.SSE_HEARTBEAT_SECONDS,
    bufferBytes: config.SSE_BUFFER_BYTES,
    onCount: (clients) => liveClients?.set({ transport: 'sse' }, clients),
    clock,
  })

  const modules = [
    createAuthModule(services.auth, services.organizations, limiter),
    createOrganizationsModule(services.organizations),
    createKeysModule(services.keys, services.requireInstance),
    createInstancesModule(services.instances, services.pairing),
    createPasskeyModule(services.passkey),
    createProxiesModule(services.proxies),
    createTransferModule(services.transfer),
    createSnapshotModule(services.snapshots),
    createMessagesModule(services.messages),
    createChatsModule(services.chats),
    createContactsModule(services.contacts),
    createProtectionModule(services.protection),
    createMediaModule(services.media),
    createEventsModule({ sse, ...services }),
  ]
  const openApi = openApiDocument(modules, { version: manifest.version, prefix: API_PREFIX })
  const checks: HealthCheck[] = [
    { name: 'mongo', run: () => database.ping() },
    { name: 'redis', optional: true, run: () => assertConnected(bus.connected()) },
  ]
  const app = createHttpApp({
    modules,
    extras: [
      ...(deps.blobHandler ? [Router().use(BLOBS_PATH, deps.blobHandler)] : []),
      docsRouter(openApi, API_PREFIX),
      helperPageRouter(API_PREFIX),
      healthRouter({
        checks,
        draining: () => draining,
        environment: config.NODE_ENV,
        version: manifest.version,
        clock,
        logger,
      }),
    ],
    routes: {
      authenticate: services.authenticate,
      limiter,
      idempotency: createIdempotency(database, clock),
      bodyLimitBytes: config.BODY_LIMIT_BYTES,
      checkResponses: config.NODE_ENV === 'test',
    },
    corsOrigins: origins,
    trustProxy: config.TRUST_PROXY,
    showInternals: config.NODE_ENV === 'development',
    observe: requestObserver(deps),
    clock,
    ids,
    logger,
  })
  const server = createWebServer(app, { host: config.HOST, port: config.PORT, clock })
  const sockets = createSocketServer({
    ...services,
    httpServer: server.server,
    open: openStream,
    streams,
    limiter,
    trustProxy: config.TRUST_PROXY,
    bufferBytes: config.SSE_BUFFER_BYTES,
    origins,
    redisUrl: config.REDIS_URL,
    redisPrefix,
    recheckSeconds: config.SSE_HEARTBEAT_SECONDS,
    onCount: (clients) => liveClients?.set({ transport: 'socket.io' }, clients),
    clock,
    logger,
  })
  // Here at once, whether or not Redis is there; the other replicas hear of it, and find it out by themselves otherwise.
  services.ended.onTold((caller) => {
    streams.end(caller)
    void bus.publish(ENDED_CHANNEL, caller)
  })
  let endings: Subscription | undefined

  return {
    modules,
    openApi,
    checks,
    address: server.address,
    async start() {
      // Redis is not needed to serve: a failed attempt goes on in the background.
      await redis.connect().catch(() => {})
      hub.start()
      endings = bus.subscribe(ENDED_CHANNEL, (caller) => typeof caller === 'string' && streams.end(caller))
      sockets.start()
      await server.start()
      logger.info('API listens', { address: server.address() })
    },
    async stop() {
      draining = true
      sse.stop()
      await sockets.stop()
      await server.stop(GRACE_MS)
      endings?.stop()
      hub.stop()
      redis.disconnect()
    },
  }
}

function assertConnected(connected: boolean): void {
  if (!connected) throw new Error('not connected')
}

function rateLimiterOf({ config, redisPrefix = 'warren' }: ApiDeps, redis: Redis): RateLimiter {
  if (config.RATE_LIMIT === 'off') return unlimited
  const [auth, messages, uploads] = [
    parseBudget(config.RATE_LIMIT_AUTH),
    parseBudget(config.RATE_LIMIT_MESSAGES),
    parseBudget(config.RATE_LIMIT_UPLOADS),
  ]
  const times = (budget: Budget) => ({ ...budget, points: budget.points * SHARED_FACTOR })
  return createRateLimiter(
    {
      api: parseBudget(config.RATE_LIMIT_API),
      auth,
      messages,
      uploads,
      organizationMessages: times(messages),
      organizationUploads: times(uploads),
      account: times(auth),
    },
    redis,
    `${redisPrefix}:rate`,
  )
}

function liveClientsGauge({ registry }: ApiDeps): Gauge<'transport'> | undefined {
  if (!registry) return undefined
  return new Gauge({
    name: METRICS.liveClients,
    help: 'Open event streams.',
    labelNames: ['transport'],
    registers: [registry],
  })
}

function requestObserver({ registry }: ApiDeps): RequestObserver {
  if (!registry) return () => {}
  const histogram = new Histogram({
    name: METRICS.httpRequestSeconds,
    help: 'Time from the first byte of a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [...LATENCY_BUCKETS],
    registers: [registry],
  })
  return ({ method, route, status, seconds }) =>
    histogram.observe({ method, route, status: String(status) }, seconds)
}
