/** Real session processes in the pods of a test cluster, linked to phones of a simulated WhatsApp. */
import { randomInt } from 'node:crypto'
import { type SessionKey, sessionKeyOf } from '@warren/contracts'
import { systemClock as clock } from '@warren/runtime/clock'
import { silentLogger as logger } from '@warren/runtime/logger'
import { connectMongo, type MongoConnection } from '@warren/runtime/mongo'
import {
  createMongoSessionStore,
  migrateSessionStore,
  type SessionStore,
} from '@warren/runtime/session-store'
import { type Cleanup, until } from '@warren/runtime/testing'
import type { NodeAgentOptions } from '@warren/runtime/testing/kubernetes'
import { SESSION_MAIN, SESSION_NODE_FLAGS } from '@warren/session-pod'
import { createSimulator, type Simulator } from '@warren/simulator'
import type { Installation } from './installation.ts'
import { type Instances, PATIENCE } from './instances.ts'

/** What a node needs to know to run them: the image's entry point, and an address for what listens. */
export const SESSION_NODE = {
  entrypoint: () => [process.execPath, ...SESSION_NODE_FLAGS, SESSION_MAIN],
  env: (_pod, podIP) => ({ HEALTH_HOST: podIP, CONTROL_PORT: 'off' }),
} satisfies Partial<NodeAgentOptions>

/** Short enough that a test may wait for its end. */
const LEASE_SECONDS = '5'

export async function startWhatsApp(file: Cleanup) {
  const simulator = createSimulator()
  const { controlUrl } = await simulator.start()
  file.after(() => simulator.stop())
  return {
    simulator,
    sessionEnv: { WARREN_WHATSAPP_SIMULATOR: controlUrl, WARREN_LEASE_SECONDS: LEASE_SECONDS },
  }
}

export type Sessions = {
  readonly store: SessionStore
  readonly db: MongoConnection['db']
  keyOf(instances: Instances, name: string, organization?: string): SessionKey
  /** Scans the QR of an instance with a new phone; waits until it is ready. Returns the phone's number. */
  link(instances: Instances, name: string, organization?: string): Promise<string>
  /** How many of the account's devices are connected to WhatsApp now. */
  connections(phone: string): Promise<number>
}

export async function sessionsOf(
  file: Cleanup,
  { mongo }: Pick<Installation, 'mongo'>,
  simulator: Simulator,
): Promise<Sessions> {
  const { uri, dbName } = mongo
  const connection = await connectMongo({ uri, dbName, appName: 'test', logger, clock })
  file.after(() => connection.close())
  await migrateSessionStore(connection.db)
  const store = createMongoSessionStore(connection.db, clock)
  const keyOf: Sessions['keyOf'] = ({ namespace }, name, organization = 'acme') =>
    sessionKeyOf({ organization, instance: `${namespace}.${name}` })

  return {
    store,
    db: connection.db,
    keyOf,
    async link(instances, name, organization) {
      const phone = `4917${randomInt(10_000_000, 99_999_999)}`
      await simulator.phones.create({ number: phone })
      const key = keyOf(instances, name, organization)
      const { qr = '' } = await until(async () => (await store.session(key))?.status?.pairing, {
        ...PATIENCE,
        describe: `a QR of ${name}`,
      })
      await simulator.phones.scan(phone, qr)
      await until(async () => (await instances.condition(name, 'Ready'))?.status === 'True', {
        ...PATIENCE,
        describe: `${name} to be ready`,
      })
      return phone
    },
    connections: async (phone) =>
      (await simulator.sessions.list()).filter(({ number }) => number === phone).length,
  }
}
