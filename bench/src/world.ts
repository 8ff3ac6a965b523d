/** What every measurement runs on: the simulator, the data services and a place for files; one of each for the whole run. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bus, createRedisBus } from '@warren/runtime/bus'
import { systemClock } from '@warren/runtime/clock'
import { startMongo, startRedis } from '@warren/runtime/embedded'
import { createIds } from '@warren/runtime/ids'
import { silentLogger } from '@warren/runtime/logger'
import { connectMongo } from '@warren/runtime/mongo'
import {
  createMongoSessionStore,
  migrateSessionStore,
  type SessionStore,
} from '@warren/runtime/session-store'
import { createSimulator, type Simulator } from '@warren/simulator'
import { type DatabaseKind, ensureDatabase } from './database.ts'
import type { Stops } from './stops.ts'

export type World = {
  /**
   * In this process, on purpose: while a figure is taken the driver has nothing else to do, so a process and the HTTP between them would
   * only add load to the machine that is measured.
   */
  readonly simulator: Simulator
  readonly controlUrl: string
  readonly mongo: { readonly uri: string; readonly origin: string; readonly kind: DatabaseKind }
  readonly redis: { readonly uri: string; readonly origin: string }
  readonly store: SessionStore
  /** Names of the databases of this run; dropped in the end. */
  readonly sessionsDb: string
  readonly platformDb: string
  readonly bus: Bus
  readonly folder: string
  /** A number that no session of this run has. */
  readonly newAccount: () => string
  /** How long sealing one message took the simulator, at most, so far: bursts are held back for as long as that needs. */
  readonly sealing: { msEach: number }
  readonly stops: Stops
  readonly say: (line: string) => void
}

/** Starts everything that is shared; each part puts its end into `stops` as soon as it runs. */
export async function startWorld(stops: Stops, say: (line: string) => void): Promise<World> {
  const { env } = process
  const folder = mkdtempSync(join(tmpdir(), 'warren-bench-'))
  stops.add(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))

  const kind = await ensureDatabase({ env, say })
  const mongo = await startMongo({ dataDir: join(folder, 'mongo'), env, onProgress: say })
  stops.add(mongo.stop)
  const redis = await startRedis({ dataDir: join(folder, 'redis'), env, onProgress: say })
  stops.add(redis.stop)
  say(`MongoDB: ${mongo.origin}; Redis: ${redis.origin}`)

  const sessionsDb = `bench_${randomBytes(4).toString('hex')}`
  const platformDb = `${sessionsDb}_platform`
  const { client, db, close } = await connectMongo({
    uri: mongo.uri,
    dbName: sessionsDb,
    appName: 'bench',
    logger: silentLogger,
    clock: systemClock,
  })
  stops.add(async () => {
    await db.dropDatabase()
    await client.db(platformDb).dropDatabase()
    await close()
  })
  await migrateSessionStore(db)

  const clock = systemClock
  const bus = createRedisBus({ url: redis.uri, clock, logger: silentLogger, ids: createIds(clock) })
  await bus.start()
  stops.add(bus.stop)

  const simulator = createSimulator()
  const { controlUrl } = await simulator.start()
  stops.add(simulator.stop)
  const store = createMongoSessionStore(db, clock)
  let accounts = 0
  return {
    ...{ simulator, controlUrl, store, bus, folder, stops, say, sessionsDb, platformDb },
    newAccount: () => String(4_915_100_000_000 + accounts++),
    sealing: { msEach: 2 },
    mongo: { uri: mongo.uri, origin: mongo.origin, kind },
    redis: { uri: redis.uri, origin: redis.origin },
  }
}
