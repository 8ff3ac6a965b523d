/** An operator over the memory cluster and the memory session store, on a clock that the test moves. */
import {
  CHANNELS,
  type CommandCall,
  type InstanceManifest,
  instanceIdOf,
  parseSessionKey,
  type SessionKey,
  type SessionStatus,
  sessionKeyOf,
  type WhatsAppInstance,
} from '@warren/contracts'
import { BusCallError } from '@warren/runtime/bus'
import { createFakeClock } from '@warren/runtime/clock'
import { createMemoryCluster } from '@warren/runtime/cluster/memory'
import { createMemoryLogger } from '@warren/runtime/logger'
import { Registry } from '@warren/runtime/metrics'
import { createMemorySessionStore, type Lease } from '@warren/runtime/session-store'
import { createOperator, type OperatorDeps } from '../operator.ts'
import { prepareTemplate, type SessionPodTemplate } from '../pods/template.ts'

export const TEMPLATE = {
  command: ['session'],
  env: {},
  secretEnv: { MONGODB_URI: 'mongodb://user:pass@db', REDIS_URL: 'redis://cache' },
  keyFolder: 'secrets',
  terminationGracePeriodSeconds: 10,
} satisfies SessionPodTemplate

export const MASTER_KEY = { id: 1, bytes: new Uint8Array(32).fill(7) }
export const PREPARED = prepareTemplate(TEMPLATE, MASTER_KEY)

const LEASE_MS = 15_000

/** @param options.reachable whether sessions answer commands */
export function createHarness(
  options: { reachable?: boolean; perSecond?: number; burst?: number; instanceLimit?: number } = {},
) {
  const clock = createFakeClock()
  const cluster = createMemoryCluster({ clock })
  const sessions = createMemorySessionStore(clock)
  const logger = createMemoryLogger()
  const leases = new Map<string, Lease>()
  const calls: string[] = []
  let tell: (payload: string) => void = () => {}

  /** A bus on which a session that holds its lease logs out at once. */
  const bus: OperatorDeps['bus'] = {
    async call(responder, request) {
      const session = responder.slice(CHANNELS.commands('/').length - 1) as SessionKey
      const { instance = '' } = parseSessionKey(session) ?? {}
      const { command } = request as CommandCall
      calls.push(`${command} ${instance}`)
      const lease = leases.get(instance.slice(instance.indexOf('.') + 1))
      if (options.reachable === false || !lease) throw new BusCallError('no-responder', 'nobody serves it')
      const status: SessionStatus = { phase: 'loggedOut', since: clock.now() }
      await sessions.renew(lease, LEASE_MS, { status, seq: 0 })
      tell(session)
      return { status }
    },
    subscribe(_channel, listener) {
      tell = listener
      return { ready: Promise.resolve(), stop() {} }
    },
    onResynced: () => ({ stop() {} }),
  }
  let registry = new Registry()
  const makeOperator = (template: Partial<SessionPodTemplate> = {}) => {
    registry = new Registry()
    return createOperator({
      cluster,
      sessions,
      bus,
      clock,
      logger,
      template: { ...TEMPLATE, ...template },
      masterKey: MASTER_KEY,
      registry,
      defaultInstanceLimit: options.instanceLimit ?? 1_000,
      starts: { perSecond: options.perSecond ?? 1_000, burst: options.burst ?? 1_000 },
    })
  }
  const operator = makeOperator()

  return {
    clock,
    cluster,
    sessions,
    logger,
    operator,
    makeOperator,
    calls,
    /** Of the operator that was made last. */
    metrics: () => registry.metrics(),
    /** News of a session, as over the bus. */
    tell: (session: string) => tell(session),
    key: (name: string) => ({ namespace: 'default', name }),
    create: (name: string, spec: Partial<InstanceManifest['spec']> = {}) =>
      cluster.instances.create(manifest(name, spec)),
    reasonOf: async (name: string, type = 'Scheduled') =>
      (await cluster.instances.get({ namespace: 'default', name }))?.status?.conditions?.find(
        (one) => one.type === type,
      )?.reason,
    async instance(name: string): Promise<WhatsAppInstance> {
      const found = await cluster.instances.get({ namespace: 'default', name })
      if (!found) throw new Error(`there is no instance ${name}`)
      return found
    },
    /** What the session process of this instance does: takes the lease if it has none, and reports. */
    async report(name: string, status: Omit<SessionStatus, 'since'>): Promise<void> {
      const instance = instanceIdOf({ namespace: 'default', name })
      let lease = leases.get(name)
      if (!lease) {
        const taken = await sessions.acquire({
          instance,
          organization: 'acme',
          holder: name,
          ttlMs: LEASE_MS,
        })
        lease = taken.lease
        leases.set(name, lease)
      }
      await sessions.renew(lease, LEASE_MS, { status: { ...status, since: clock.now() }, seq: 0 })
      tell(sessionKeyOf(lease))
    },
    /** The session process ends in order. */
    async releaseSession(name: string, status: Omit<SessionStatus, 'since'>): Promise<void> {
      const lease = leases.get(name)
      leases.delete(name)
      if (lease) await sessions.release(lease, { status: { ...status, since: clock.now() }, seq: 0 })
      tell(sessionKeyOf({ organization: 'acme', instance: instanceIdOf({ namespace: 'default', name }) }))
    },
    /** Lets everything that can happen within a time happen. */
    async settle(ms = 50): Promise<void> {
      for (let passed = 0; passed < ms; passed += 5) {
        await clock.advance(5)
        // A reconcile is a chain of promises with immediates of the cluster between them.
        for (let turn = 0; turn < 10; turn++) await clock.advance(0)
      }
    },
    async stop(): Promise<void> {
      await operator.stop()
      await cluster.stop()
    },
  }
}

export type Harness = ReturnType<typeof createHarness>

export const ACCOUNT = { jid: '4915112345678@s.whatsapp.net', phone: '4915112345678' }

function manifest(name: string, spec: Partial<InstanceManifest['spec']>): InstanceManifest {
  return {
    apiVersion: 'warren.dev/v1alpha1',
    kind: 'WhatsAppInstance',
    metadata: { name },
    spec: { organization: 'acme', ...spec },
  }
}
