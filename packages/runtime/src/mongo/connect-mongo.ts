import { type Db, MongoClient, type MongoClientOptions } from 'mongodb'
import type { Clock } from '../clock/index.ts'
import type { Logger } from '../logger/index.ts'
import { classifyMongoError } from './mongo-errors.ts'

export type MongoConnection = {
  client: MongoClient
  db: Db
  /** Resolves when a primary answers; for health checks. */
  ping(): Promise<void>
  close(): Promise<void>
}

export type ConnectMongoOptions = {
  uri: string
  dbName: string
  /** Shown in the server's log and `currentOp`: the process and its instance. */
  appName: string
  logger: Logger
  clock: Clock
  /** Connections at most; 10 unless told. A session process needs two. */
  maxPoolSize?: number
  /** How long to wait for a server that is not there yet, 60 s unless told. */
  waitMs?: number
}

/**
 * What an acknowledgement means here: on the disks of a majority. With less, a killed server forgets acknowledged writes
 * (SecantusDB without `--sync-on-commit` lost 4 to 37 of 2,000 with w:1 and none with this).
 */
export const MONGO_OPTIONS = {
  writeConcern: { w: 'majority', journal: true, wtimeoutMS: 10_000 },
  readConcern: { level: 'majority' },
  retryWrites: true,
  retryReads: true,
  // Long enough for an election, short enough to notice before a lease ends.
  serverSelectionTimeoutMS: 5_000,
  connectTimeoutMS: 5_000,
  socketTimeoutMS: 30_000,
  maxIdleTimeMS: 60_000,
} as const satisfies MongoClientOptions

/**
 * Connects and waits until a primary answers. An exit at once would leave the waiting to Kubernetes, whose back-off grows
 * to five minutes.
 *
 * @throws the driver's error when nobody answers within `waitMs`, or at once when the server refuses us.
 */
export async function connectMongo(options: ConnectMongoOptions): Promise<MongoConnection> {
  const { uri, dbName, appName, logger, clock, maxPoolSize = 10, waitMs = 60_000 } = options
  const client = new MongoClient(uri, { ...withoutThoseOf(uri), appName, maxPoolSize })
  logTopology(client, logger)
  const db = client.db(dbName)
  const ping = async () => void (await db.command({ ping: 1 }, { readPreference: 'primary' }))

  const deadline = clock.monotonicMs() + waitMs
  for (let delayMs = 250; ; delayMs = Math.min(delayMs * 2, 3_000)) {
    try {
      // Asked for again each time: after an attempt that failed the driver refuses whatever would connect by itself.
      await client.connect()
      await ping()
      return { client, db, ping, close: () => client.close() }
    } catch (error) {
      const hopeless = classifyMongoError(error) !== 'transient'
      if (hopeless || clock.monotonicMs() + delayMs > deadline) {
        await client.close()
        throw error
      }
      logger.warn('MongoDB is not there yet', { error })
      await clock.sleep(delayMs)
    }
  }
}

/** Timeouts in the URI win over ours, which the driver would do the other way round; the concerns are not for choice. */
function withoutThoseOf(uri: string): MongoClientOptions {
  const given = new Set([...new URLSearchParams(uri.split('?')[1]).keys()].map((name) => name.toLowerCase()))
  return Object.fromEntries(Object.entries(MONGO_OPTIONS).filter(([name]) => !given.has(name.toLowerCase())))
}

/** One line when the primary appears and one when it is lost. */
function logTopology(client: MongoClient, logger: Logger): void {
  let primary: string | undefined
  client.on('topologyDescriptionChanged', ({ newDescription }) => {
    const writable = new Set(['RSPrimary', 'Standalone', 'Mongos', 'LoadBalancer'])
    const next = [...newDescription.servers.values()].find(({ type }) => writable.has(type))?.address
    if (next === primary) return
    if (next) logger.info('MongoDB primary found', { address: next })
    else logger.warn('MongoDB primary lost', { address: primary })
    primary = next
  })
}
