/** A whole API on real data services, for tests. */
import { randomBytes } from 'node:crypto'
import { createRedisBus } from '@warren/runtime/bus'
import { systemClock } from '@warren/runtime/clock'
import { createMemoryCluster } from '@warren/runtime/cluster/memory'
import { createIds } from '@warren/runtime/ids'
import { createMemoryLogger, silentLogger } from '@warren/runtime/logger'
import { connectMongo } from '@warren/runtime/mongo'
import {
  createFolderStore,
  createSignedBlobHandler,
  createUrlSigner,
  type UrlSigner,
} from '@warren/runtime/object-store'
import { createMongoSessionStore, migrateSessionStore } from '@warren/runtime/session-store'
import { type Cleanup, tempDir, withMongo, withRedis } from '@warren/runtime/testing'
import { type ApiConfig, BLOBS_PATH, createApi, loadApiConfig } from '../index.ts'
import { stackedCleanup } from './cleanup.ts'
import { apiClient } from './client.ts'

export type Services = Awaited<ReturnType<typeof startServices>>

/** MongoDB and Redis for one test file, with fresh databases. Several APIs may share them, as replicas do. */
export async function startServices(testFile: Cleanup) {
  const file = stackedCleanup(testFile)
  const [mongo, redisUrl] = await Promise.all([withMongo(file), withRedis(file)])
  const options = {
    uri: mongo.uri,
    dbName: mongo.dbName,
    appName: 'test',
    logger: silentLogger,
    clock: systemClock,
  }
  const { client, db: platform, close } = await connectMongo(options)
  const sessionsDb = `${mongo.dbName}_s`
  const db = client.db(sessionsDb)
  await migrateSessionStore(db)
  file.after(async () => {
    await db.dropDatabase()
    await close()
  })
  return {
    file,
    mongoUri: mongo.uri,
    platformDb: mongo.dbName,
    platform,
    redisUrl,
    proxyMasterKey: randomBytes(32).toString('base64'),
    jwtSecret: randomBytes(32).toString('hex'),
    signingKey: randomBytes(32),
    mediaDir: tempDir(file),
    cluster: createMemoryCluster(),
    store: createMongoSessionStore(db, systemClock),
    /** Channels of their own, since the Redis may be shared with other test files. */
    busPrefix: `test:${randomBytes(6).toString('hex')}:`,
  }
}

export function testConfig(services: Services, overrides: Partial<ApiConfig> = {}): ApiConfig {
  const required = {
    MONGODB_URI: services.mongoUri,
    REDIS_URL: services.redisUrl,
    JWT_SECRET: services.jwtSecret,
    WARREN_PROXY_MASTER_KEY: services.proxyMasterKey,
    NODE_ENV: 'test',
    RATE_LIMIT: 'off',
  }
  return {
    ...loadApiConfig(required),
    HOST: '127.0.0.1',
    PORT: 0,
    PROJECTION_SWEEP_SECONDS: 1,
    PLATFORM_DB: services.platformDb,
    ALLOW_SIGNUP: true,
    BCRYPT_ROUNDS: 4,
    ...overrides,
  }
}

/** Starts one replica with both roles; it is stopped when the test file ends. */
export async function startApi(services: Services, overrides: Partial<ApiConfig> = {}) {
  const clock = systemClock
  const ids = createIds(clock)
  const logger = createMemoryLogger()
  const bus = createRedisBus({ url: services.redisUrl, prefix: services.busPrefix, clock, logger, ids })
  await bus.start()
  const config = testConfig(services, overrides)
  const { cluster, store: sessions } = services
  const redisPrefix = services.busPrefix.slice(0, -1)
  // The port is known only once it listens; URLs are signed later than that.
  let baseUrl = ''
  const signer = lateSigner(() => createUrlSigner({ baseUrl, signingKey: services.signingKey, clock }))
  const objectStore = createFolderStore({ root: services.mediaDir, signer })
  await objectStore.start()
  const blobHandler = createSignedBlobHandler({ store: objectStore, signer })
  const adapters = { cluster, sessions, bus, objectStore, blobHandler }
  const api = await createApi({ config, ...adapters, clock, ids, logger, redisPrefix })
  services.file.after(async () => {
    await api.stop()
    await bus.stop()
  })
  await api.web.start()
  baseUrl = api.web.address() + BLOBS_PATH
  await api.worker.start()
  return { api, bus, logger, config, ...apiClient(() => api.web.address()) }
}

function lateSigner(make: () => UrlSigner): UrlSigner {
  return {
    sign: (...request) => make().sign(...request),
    verify: (...request) => make().verify(...request),
  }
}

export type TestApi = Awaited<ReturnType<typeof startApi>>
