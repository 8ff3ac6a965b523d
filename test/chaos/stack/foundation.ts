/** What the product stands on: MongoDB, Redis, WhatsApp, and proxies before each of them. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Bus, createRedisBus } from '@warren/runtime/bus'
import { systemClock as clock } from '@warren/runtime/clock'
import { createIds } from '@warren/runtime/ids'
import { silentLogger } from '@warren/runtime/logger'
import { connectMongo, type MongoConnection } from '@warren/runtime/mongo'
import {
  createMongoSessionStore,
  migrateSessionStore,
  type SessionStore,
} from '@warren/runtime/session-store'
import { freePort } from '@warren/runtime/testing'
import type { SimulatorOperations } from '@warren/simulator'
import { type DataService, startMongoService, startRedisService, throughProxy } from './data-services.ts'
import { createWriteErrors, type WriteErrors } from './mongo-errors.ts'
import { SESSIONS_DB } from './names.ts'
import { type Program, startProgram } from './programs.ts'
import { startProxy, type TcpProxy } from './proxy.ts'
import { connectSimulator } from './simulator.ts'

const PROGRAMS = join(import.meta.dirname, '..', 'programs')

/** The way of one component to its data services. */
export type Ways = { readonly mongo: TcpProxy; readonly redis: TcpProxy }

export type Foundation = {
  readonly mongo: DataService
  readonly redis: DataService
  /** The test's own ways, which nothing hinders. */
  readonly db: MongoConnection['db']
  readonly store: SessionStore
  readonly bus: Bus
  readonly simulator: SimulatorOperations
  readonly whatsapp: { readonly host: string; readonly port: number }
  readonly writeErrors: WriteErrors
  /** Of all components so far. */
  readonly ways: readonly Ways[]
  /** New proxies for one component. */
  openWays(): Promise<Ways>
  addressesOf(ways: Ways): { MONGODB_URI: string; REDIS_URL: string }
  /** Runs one of the programs beside this folder; stopped with the rest. */
  run(name: string, program: string, env: Readonly<Record<string, string>>): Program
  /** A folder of the run, made when it is missing. */
  folder(name: string): string
  /** Stopped with the rest, before what was started earlier. */
  later<T extends { stop(): Promise<unknown> }>(started: T): T
  stop(): Promise<void>
}

export async function startFoundation(
  root: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Foundation> {
  const stops: (() => Promise<unknown>)[] = []
  const later: Foundation['later'] = (started) => {
    stops.push(() => started.stop())
    return started
  }
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await one().catch(() => {})
  }
  const folder = (name: string) => {
    const path = join(root, name)
    mkdirSync(path, { recursive: true })
    return path
  }
  const run: Foundation['run'] = (name, program, programEnv) =>
    later(
      startProgram({
        name,
        file: join(PROGRAMS, program),
        env: programEnv,
        logs: folder('logs'),
        cache: folder('cache'),
      }),
    )
  try {
    const [mongo, redis] = await Promise.all([
      startMongoService(root, env).then(later),
      startRedisService(root, env).then(later),
    ])
    const client = await connectMongo({
      uri: mongo.uri,
      dbName: SESSIONS_DB,
      appName: 'chaos',
      logger: silentLogger,
      clock,
    })
    later({ stop: client.close })
    await migrateSessionStore(client.db)
    const bus = later(createRedisBus({ url: redis.uri, clock, logger: silentLogger, ids: createIds(clock) }))
    await bus.start()

    const [port, controlPort] = [await freePort(), await freePort()]
    await run('simulator', 'simulator.ts', {
      WHATSAPP_PORT: String(port),
      CONTROL_PORT: String(controlPort),
    }).ready()

    const writeErrors = createWriteErrors()
    const ways: Ways[] = []
    return {
      ...{ mongo, redis, bus, writeErrors, ways, run, folder, later, stop },
      db: client.db,
      store: createMongoSessionStore(client.db, clock),
      simulator: connectSimulator(`http://127.0.0.1:${controlPort}`),
      whatsapp: { host: '127.0.0.1', port },
      async openWays() {
        const pair = {
          mongo: later(await startProxy(() => mongo.address, writeErrors.tap)),
          redis: later(await startProxy(() => redis.address)),
        }
        ways.push(pair)
        return pair
      },
      addressesOf: (pair) => ({
        MONGODB_URI: throughProxy(mongo.uri, pair.mongo.port),
        REDIS_URL: throughProxy(redis.uri, pair.redis.port),
      }),
    }
  } catch (error) {
    await stop()
    throw error
  }
}
