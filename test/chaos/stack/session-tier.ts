/** The operator with its sessions, each with ways of its own to MongoDB, Redis and WhatsApp. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  API_VERSION,
  CHANNELS,
  type InstanceManifest,
  KIND,
  type SessionDoc,
  sessionKeyOf,
} from '@warren/contracts'
import { SESSION_NODE_ENV, SESSION_NODE_FLAGS } from '@warren/session-pod'
import { bundleSession } from '@warren/session-pod/bundle'
import type { Foundation } from './foundation.ts'
import { ORGANIZATION, SESSIONS_DB } from './names.ts'
import type { Program } from './programs.ts'
import { createSession, type Session } from './session.ts'
import { startWhatsAppFront } from './whatsapp-front.ts'

export type SessionTier = { readonly operator: Program; readonly sessions: readonly Session[] }

const SESSION_PROGRAM = join(import.meta.dirname, '..', 'programs', 'session.ts')

/** Numbers that are nobody's: accounts, and what they write with. */
const numberOf = (index: number) => String(491_710_000_000 + index)
const contactOf = (index: number, contact: number) => String(491_720_000_000 + index * 1000 + contact)
const PROBER = 999

/** The resources of the accounts s1, s2 and so on. */
export function manifestsOf(sessions: number): InstanceManifest[] {
  return Array.from({ length: sessions }, (_, index) => ({
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { namespace: 'default', name: `s${index + 1}` },
    spec: { organization: ORGANIZATION, pairing: { maxAttempts: 6 } },
  })) as InstanceManifest[]
}

/** Applies the resources and starts the operator; resolves when it is ready, which sessions are not yet. */
export async function startSessionTier(
  on: Foundation,
  manifests: readonly InstanceManifest[],
  options: { readonly contacts: number; readonly leaseSeconds: number },
): Promise<SessionTier> {
  const state = on.folder('state')
  const runtime = on.folder('sessions')
  const resources = on.folder('instances')
  const command = [process.execPath, ...SESSION_NODE_FLAGS, SESSION_PROGRAM]
  const env = {
    ...SESSION_NODE_ENV,
    MONGODB_SESSIONS_DB: SESSIONS_DB,
    WARREN_LEASE_SECONDS: String(options.leaseSeconds),
    HEALTH_PORT: '0',
    HEALTH_HOST: '127.0.0.1',
    CONTROL_PORT: 'off',
    NODE_ENV: 'development',
    CHAOS_FOLDER: runtime,
    CHAOS_SESSION_MAIN: await bundleSession(on.folder('bundle')),
  }
  const routes: Record<string, Record<string, string>> = {}

  async function sessionOf(name: string, index: number): Promise<Session> {
    const instance = `default.${name}`
    const key = sessionKeyOf({ organization: ORGANIZATION, instance })
    const ways = await on.openWays()
    const front = on.later(await startWhatsAppFront(on.simulator, on.whatsapp))
    routes[instance] = { ...on.addressesOf(ways), WARREN_WHATSAPP_SIMULATOR: front.url }
    const docs = on.db.collection<SessionDoc>('sessions')
    return createSession({
      instance,
      number: numberOf(index),
      contacts: Array.from({ length: options.contacts }, (_, contact) => contactOf(index, contact)),
      prober: contactOf(index, PROBER),
      proxies: { ...ways, whatsapp: front.proxy },
      folder: runtime,
      logs: on.folder('logs'),
      podFolder: join(state, 'pods', instance),
      command,
      env: {
        ...env,
        WARREN_INSTANCE: instance,
        WARREN_ORGANIZATION: ORGANIZATION,
        WARREN_INSTANCE_KEY_FILE: join(state, 'secrets', `${instance}-session-key`, 'instance-key'),
      },
      doc: () => docs.findOne({ _id: key }),
      deleteDoc: async () => void (await docs.deleteOne({ _id: key })),
      async restart() {
        const call = { command: 'session.restart', request: {} }
        await on.bus.call(CHANNELS.commands(key), call, { timeoutMs: 5_000 })
      },
    })
  }

  const sessions: Session[] = []
  for (const [index, { metadata }] of manifests.entries())
    sessions.push(await sessionOf(metadata.name, index))
  writeFileSync(join(runtime, 'routes.json'), JSON.stringify(routes))
  for (const manifest of manifests)
    writeFileSync(join(resources, `${manifest.metadata.name}.yaml`), JSON.stringify(manifest))

  const operator = on.run('operator', 'operator.ts', {
    MONGODB_URI: on.mongo.uri,
    REDIS_URL: on.redis.uri,
    SESSIONS_DB,
    INSTANCES: resources,
    STATE: state,
    LOGS: on.folder('logs'),
    MASTER_KEY: randomBytes(32).toString('base64'),
    TEMPLATE: JSON.stringify({ command, env, keyFolder: 'secrets', terminationGracePeriodSeconds: 10 }),
  })
  await operator.ready()
  return { operator, sessions }
}
