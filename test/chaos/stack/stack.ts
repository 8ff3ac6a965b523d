/** The whole product as separate processes, with a proxy of the test's in every connection that can fail. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { API_VERSION, CHANNELS, KIND, type LogDoc, type SessionDoc, sessionKeyOf } from '@warren/contracts'
import { createRedisBus } from '@warren/runtime/bus'
import { systemClock as clock } from '@warren/runtime/clock'
import { createIds } from '@warren/runtime/ids'
import { silentLogger } from '@warren/runtime/logger'
import { connectMongo } from '@warren/runtime/mongo'
import {
  createMongoSessionStore,
  migrateSessionStore,
  type SessionReader,
} from '@warren/runtime/session-store'
import { freePort, until } from '@warren/runtime/testing'
import { SESSION_NODE_ENV, SESSION_NODE_FLAGS } from '@warren/session-pod'
import { bundleSession } from '@warren/session-pod/bundle'
import type { SimulatorOperations } from '@warren/simulator'
import { type DataService, startMongoService, startRedisService, throughProxy } from './data-services.ts'
import { startIngress } from './ingress.ts'
import { createWriteErrors, type WriteErrors } from './mongo-errors.ts'
import { type Program, startProgram } from './programs.ts'
import { startProxy, type TcpProxy } from './proxy.ts'
import { createSession, type Session } from './session.ts'
import { connectSimulator } from './simulator.ts'
import { startWhatsAppFront } from './whatsapp-front.ts'

export const ORGANIZATION = 'chaos'
const SESSIONS_DB = 'chaos_sessions'
const PLATFORM_DB = 'chaos_platform'
const OWNER = { email: 'owner@example.com', password: 'correct horse battery', organization: ORGANIZATION }
const PROGRAMS = join(import.meta.dirname, '..', 'programs')

export type StackOptions = {
  /** For everything: data, logs, resources. */
  readonly folder: string
  readonly sessions: number
  readonly contacts: number
  readonly leaseSeconds: number
  readonly longestOutageMs: number
  readonly env: Readonly<Record<string, string | undefined>>
}

export type Stack = {
  readonly logs: string
  readonly sessions: readonly Session[]
  readonly simulator: SimulatorOperations
  readonly mongo: DataService
  readonly redis: DataService
  readonly webs: readonly Replica[]
  readonly workers: readonly Replica[]
  readonly operator: Program
  /** All connections to MongoDB but the test's own. */
  readonly mongoProxies: readonly TcpProxy[]
  readonly redisProxies: readonly TcpProxy[]
  readonly writeErrors: WriteErrors
  readonly leaseMs: number
  /** Of outages whose length is chosen. */
  readonly longestOutageMs: number
  /** Of the API, in front of its replicas. */
  readonly url: string
  readonly owner: typeof OWNER
  readonly reader: SessionReader
  /** Documents of a session's log after a position, as they are: for the history checker. */
  log(
    session: Session,
    after?: string,
  ): Promise<Pick<LogDoc, '_id' | 'epoch' | 'holder' | 'takeover' | 'seq'>[]>
  /** What serves MongoDB and Redis, for the report. */
  readonly origins: string
  stop(): Promise<void>
}

export type Replica = { readonly program: Program; readonly mongo: TcpProxy; readonly redis: TcpProxy }

/** Starts everything and waits until the API and the operator are ready; no account is linked yet. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { folder } = options
  const stops: (() => Promise<unknown>)[] = []
  const later = <T extends { stop(): Promise<unknown> }>(started: T): T => {
    stops.push(() => started.stop())
    return started
  }
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await one().catch(() => {})
  }
  try {
    return await start()
  } catch (error) {
    await stop()
    throw error
  }

  async function start(): Promise<Stack> {
    const logs = made(join(folder, 'logs'))
    const runtime = made(join(folder, 'sessions'))
    const instancesDir = made(join(folder, 'instances'))
    const state = join(folder, 'state')
    const cache = join(folder, 'cache')
    const [mongo, redis] = await Promise.all([
      startMongoService(folder, options.env).then(later),
      startRedisService(folder, options.env).then(later),
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
    const store = createMongoSessionStore(client.db, clock)
    const bus = later(createRedisBus({ url: redis.uri, clock, logger: silentLogger, ids: createIds(clock) }))
    await bus.start()

    const writeErrors = createWriteErrors()
    const mongoProxies: TcpProxy[] = []
    const redisProxies: TcpProxy[] = []
    const proxied = async () => {
      const pair = {
        mongo: later(await startProxy(() => mongo.address, writeErrors.tap)),
        redis: later(await startProxy(() => redis.address)),
      }
      mongoProxies.push(pair.mongo)
      redisProxies.push(pair.redis)
      return pair
    }
    const addressesOf = ({ mongo: m, redis: r }: { mongo: TcpProxy; redis: TcpProxy }) => ({
      MONGODB_URI: throughProxy(mongo.uri, m.port),
      REDIS_URL: throughProxy(redis.uri, r.port),
    })

    const [whatsappPort, controlPort] = [await freePort(), await freePort()]
    const simulatorProgram = later(
      startProgram({
        name: 'simulator',
        file: join(PROGRAMS, 'simulator.ts'),
        env: { WHATSAPP_PORT: String(whatsappPort), CONTROL_PORT: String(controlPort) },
        logs,
        cache,
      }),
    )
    await simulatorProgram.ready()
    const simulator = connectSimulator(`http://127.0.0.1:${controlPort}`)

    const names = Array.from({ length: options.sessions }, (_, index) => `s${index + 1}`)
    const manifests = names.map((name) => ({
      apiVersion: API_VERSION,
      kind: KIND,
      metadata: { namespace: 'default', name },
      spec: { organization: ORGANIZATION, pairing: { maxAttempts: 6 } },
    }))

    const webPorts = [await freePort(), await freePort()]
    const ingress = later(await startIngress(webPorts))
    const apiEnv = {
      HOST: '127.0.0.1',
      NODE_ENV: 'development',
      RATE_LIMIT: 'off',
      // A replica that starts again must not spend a second on a password.
      BCRYPT_ROUNDS: '4',
      SESSIONS_DB,
      PLATFORM_DB,
      JWT_SECRET: randomBytes(32).toString('hex'),
      ACCESS_TOKEN_SECONDS: '86400',
      SSE_HEARTBEAT_SECONDS: '2',
      SIGNING_KEY: randomBytes(32).toString('base64'),
      BLOBS_URL: `${ingress.url}/blobs`,
      MEDIA: join(folder, 'media'),
      MANIFESTS: JSON.stringify(manifests),
    }
    const replica = async (name: string, env: Record<string, string>): Promise<Replica> => {
      const proxies = await proxied()
      const program = startProgram({
        name,
        file: join(PROGRAMS, 'api.ts'),
        env: { ...apiEnv, ...addressesOf(proxies), ...env },
        logs,
        cache,
      })
      return { program: later(program), ...proxies }
    }
    const webs: Replica[] = []
    for (const [index, port] of webPorts.entries())
      webs.push(
        await replica(`web-${index + 1}`, {
          ROLE: 'web',
          PORT: String(port),
          ...(index === 0 ? { OWNER: JSON.stringify({ ...OWNER, name: 'Owner', plan: 'max' }) } : {}),
        }),
      )
    const workers: Replica[] = []
    for (const index of [1, 2]) workers.push(await replica(`worker-${index}`, { ROLE: 'worker' }))

    const command = [process.execPath, ...SESSION_NODE_FLAGS, join(PROGRAMS, 'session.ts')]
    const sessionEnv = {
      ...SESSION_NODE_ENV,
      MONGODB_SESSIONS_DB: SESSIONS_DB,
      WARREN_LEASE_SECONDS: String(options.leaseSeconds),
      HEALTH_PORT: '0',
      HEALTH_HOST: '127.0.0.1',
      CONTROL_PORT: 'off',
      NODE_ENV: 'development',
      CHAOS_FOLDER: runtime,
      CHAOS_SESSION_MAIN: await bundleSession(made(join(folder, 'bundle'))),
    }
    const routes: Record<string, Record<string, string>> = {}
    const sessions: Session[] = []
    for (const [index, name] of names.entries()) {
      const instance = `default.${name}`
      const key = sessionKeyOf({ organization: ORGANIZATION, instance })
      const proxies = await proxied()
      const front = later(await startWhatsAppFront(simulator, { host: '127.0.0.1', port: whatsappPort }))
      routes[instance] = { ...addressesOf(proxies), WARREN_WHATSAPP_SIMULATOR: front.url }
      const docs = client.db.collection<SessionDoc>('sessions')
      sessions.push(
        createSession({
          instance,
          number: String(491_710_000_000 + index),
          contacts: Array.from({ length: options.contacts }, (_, contact) =>
            String(491_720_000_000 + index * 1000 + contact),
          ),
          prober: String(491_720_000_000 + index * 1000 + 999),
          proxies: { ...proxies, whatsapp: front.proxy },
          folder: runtime,
          logs,
          podFolder: join(state, 'pods', instance),
          command,
          env: {
            ...sessionEnv,
            WARREN_INSTANCE: instance,
            WARREN_ORGANIZATION: ORGANIZATION,
            WARREN_INSTANCE_KEY_FILE: join(state, 'secrets', `${instance}-session-key`, 'instance-key'),
          },
          doc: () => docs.findOne({ _id: key }),
          deleteDoc: async () => void (await docs.deleteOne({ _id: key })),
          async restart() {
            await bus.call(
              CHANNELS.commands(key),
              { command: 'session.restart', request: {} },
              { timeoutMs: 5_000 },
            )
          },
        }),
      )
    }
    writeFileSync(join(runtime, 'routes.json'), JSON.stringify(routes))

    await Promise.all([...webs, ...workers].map(({ program }) => program.ready()))
    for (const manifest of manifests)
      writeFileSync(join(instancesDir, `${manifest.metadata.name}.yaml`), JSON.stringify(manifest))
    const operator = later(
      startProgram({
        name: 'operator',
        file: join(PROGRAMS, 'operator.ts'),
        env: {
          MONGODB_URI: mongo.uri,
          REDIS_URL: redis.uri,
          SESSIONS_DB,
          INSTANCES: instancesDir,
          STATE: state,
          LOGS: logs,
          MASTER_KEY: randomBytes(32).toString('base64'),
          TEMPLATE: JSON.stringify({
            command,
            env: sessionEnv,
            keyFolder: 'secrets',
            terminationGracePeriodSeconds: 10,
          }),
        },
        logs,
        cache,
      }),
    )
    await operator.ready()

    const logDocs = client.db.collection<LogDoc>('log')
    return {
      ...{ logs, sessions, simulator, mongo, redis, webs, workers, operator, mongoProxies, redisProxies },
      ...{ writeErrors, leaseMs: options.leaseSeconds * 1000, url: ingress.url, owner: OWNER, reader: store },
      longestOutageMs: options.longestOutageMs,
      origins: `${mongo.origin}, ${redis.origin}`,
      log({ instance }, after) {
        const key = sessionKeyOf({ organization: ORGANIZATION, instance })
        return logDocs
          .find({ _id: { $gt: after ?? `${key}/`, $lt: `${key}0` } })
          .project<Pick<LogDoc, '_id' | 'epoch' | 'holder' | 'takeover' | 'seq'>>({
            epoch: 1,
            holder: 1,
            takeover: 1,
            seq: 1,
          })
          .sort({ _id: 1 })
          .toArray()
      },
      stop,
    }
  }
}

/** Links every account with a simulated phone. */
export async function linkAccounts({ sessions, simulator }: Stack): Promise<void> {
  await Promise.all(
    sessions.map(async ({ number, instance, contacts, prober, doc }) => {
      await simulator.phones.create({ number })
      for (const contact of [...contacts, prober])
        await simulator.contacts.set({ number: contact, deliverAfterMs: 20, readAfterMs: null })
      const { qr } = await until(async () => (await doc())?.status?.pairing, {
        timeoutMs: 60_000,
        everyMs: 50,
        describe: `a QR of ${instance}`,
      })
      await simulator.phones.scan(number, qr ?? '')
      await until(async () => (await doc())?.status?.phase === 'connected', {
        timeoutMs: 60_000,
        everyMs: 50,
        describe: `${instance} to be connected`,
      })
    }),
  )
}

function made(folder: string): string {
  mkdirSync(folder, { recursive: true })
  return folder
}
