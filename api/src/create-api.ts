/** The API as one object, for its own process, for the single-machine product and for tests. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Bus } from '@warren/runtime/bus'
import type { Clock } from '@warren/runtime/clock'
import type { Cluster } from '@warren/runtime/cluster'
import type { Ids } from '@warren/runtime/ids'
import type { Logger } from '@warren/runtime/logger'
import type { Registry } from '@warren/runtime/metrics'
import type { ObjectStore } from '@warren/runtime/object-store'
import type {
  LimitReader,
  LimitWriter,
  ProxyPoolReader,
  ProxyPoolWriter,
  SendQueue,
  SessionReader,
} from '@warren/runtime/session-store'
import type { ApiConfig } from './config.ts'
import type { Registration } from './modules/auth/index.ts'
import type { Plan } from './modules/organizations/index.ts'
import { connectPlatformDatabase } from './platform/index.ts'
import { createServices } from './services.ts'
import { createWebRole, type WebRole } from './web-role.ts'
import { createWorkerRole, type WorkerRole } from './worker-role.ts'

export type ApiDeps = {
  readonly config: ApiConfig
  readonly cluster: Cluster
  readonly sessions: SessionReader & SendQueue & LimitReader & LimitWriter & ProxyPoolReader & ProxyPoolWriter
  /** Started. */
  readonly objectStore: ObjectStore
  /** Started, and stopped after the API. */
  readonly bus: Bus
  readonly clock: Clock
  readonly ids: Ids
  readonly logger: Logger
  /** Serves what a folder store signs, below `/blobs`; not needed with S3. */
  readonly blobHandler?: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  /** Where the API's metrics are registered; without it none are kept. */
  readonly registry?: Registry
  /** In front of the API's own keys on Redis, for installations that share one. Default `warren`. */
  readonly redisPrefix?: string
}

export type Api = {
  /** REST, SSE and Socket.IO. */
  readonly web: WebRole
  /** Projects the journal into what REST shows. */
  readonly worker: WorkerRole
  /**
   * Makes an organisation and its first user, whether or not registration is open. Instances that the organisation has already become its own.
   * @throws WarrenError `already_exists` when the e-mail address is registered
   */
  createOwner(owner: Registration & { plan?: Plan }): Promise<{ userId: string; organization: string }>
  /** Stops what runs and closes the connections. */
  stop(): Promise<void>
}

/** Connects to the platform database and makes its indexes; starts no role. */
export async function createApi(deps: ApiDeps): Promise<Api> {
  const { config, logger } = deps
  const database = await connectPlatformDatabase({
    uri: config.MONGODB_URI,
    dbName: config.PLATFORM_DB,
    logger,
  })
  const services = createServices(deps, database)
  const web = createWebRole(deps, database, services)
  const worker = createWorkerRole(deps, services)
  try {
    await database.createIndexes()
    await services.organizations.publishLimits()
  } catch (error) {
    await database.close()
    throw error
  }

  return {
    web,
    worker,
    async createOwner({ plan = 'starter', ...registration }) {
      const { user, organization } = await services.createOwner(registration, { plan, mayTakeOver: true })
      return { userId: user._id, organization: organization._id }
    },
    async stop() {
      await Promise.all([web.stop(), worker.stop()])
      await database.close()
    },
  }
}
