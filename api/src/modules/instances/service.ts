import { createHash, randomBytes } from 'node:crypto'
import {
  API_VERSION,
  type InstanceId,
  type InstanceManifest,
  type InstanceSpec,
  instanceIdOf,
  isWarrenError,
  KIND,
  parseInstanceId,
  RESTARTED_AT_ANNOTATION,
  type ResourceKey,
  sessionKeyOf,
  WarrenError,
  type WhatsAppInstance,
} from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { Cluster, SpecPatch } from '@warren/runtime/cluster'
import type { SessionCalls } from '@warren/runtime/session-calls'
import type { SessionReader } from '@warren/runtime/session-store'
import type { Paged, PageQuery } from '../../http/index.ts'
import { reviveStatus } from '../../platform/index.ts'
import type { OrganizationService } from '../organizations/index.ts'
import { type LiveSession, liveSession } from './state.ts'

/** An instance with what its session tells. */
export type Instance = {
  readonly id: InstanceId
  readonly resource: WhatsAppInstance
  readonly session: LiveSession
}

export type NewInstance = Partial<Omit<InstanceSpec, 'organization' | 'pairing'>> & {
  readonly pairing?: Partial<InstanceSpec['pairing']>
}

export type InstanceService = {
  /** The resource alone, from the cluster's cache: no database is asked. @throws WarrenError `not_found` */
  require(organization: string, id: InstanceId): Promise<WhatsAppInstance>
  get(organization: string, id: InstanceId): Promise<Instance>
  list(organization: string, page: PageQuery): Promise<Paged<Instance>>
  /** Ids of all instances of the organisation. */
  ids(organization: string): Promise<InstanceId[]>
  /**
   * @param seed the same bytes make the same instance, so that a repeated request finds it
   * @throws WarrenError `plan_limit_reached`
   */
  create(organization: string, spec: NewInstance, seed?: Uint8Array): Promise<Instance>
  update(organization: string, id: InstanceId, patch: SpecPatch): Promise<Instance>
  remove(organization: string, id: InstanceId, policy?: InstanceSpec['deletionPolicy']): Promise<Instance>
  restart(organization: string, id: InstanceId): Promise<Instance>
  logout(organization: string, id: InstanceId): Promise<Instance>
  disconnect(organization: string, id: InstanceId): Promise<Instance>
}

/** How long a creation waits until this replica's own cache holds the instance. */
const VISIBLE_WITHIN_MS = 2_000

export function createInstanceService(deps: {
  cluster: Cluster
  sessions: SessionReader
  commands: SessionCalls
  organizations: OrganizationService
  namespace: string
  clock: Clock
}): InstanceService {
  const { cluster, sessions, commands, organizations, namespace, clock } = deps
  const { instances } = cluster

  async function require(organization: string, id: InstanceId): Promise<WhatsAppInstance> {
    const key = parseInstanceId(id)
    const resource = key && (await instances.get(key))
    // Another tenant's instance does not exist as far as this one can tell.
    if (resource?.spec.organization !== organization) throw new WarrenError('not_found')
    return resource
  }

  async function withSession(resource: WhatsAppInstance): Promise<Instance> {
    const id = instanceIdOf(resource.metadata)
    return { id, resource, session: liveSession(await sessions.session(keyOf(resource)), clock.now()) }
  }

  async function list(organization: string, { limit, cursor }: PageQuery): Promise<Paged<Instance>> {
    const page = await instances.list({ organization, limit, ...(cursor ? { continueToken: cursor } : {}) })
    const docs = await sessions.sessions(page.items.map(keyOf))
    const byKey = new Map(docs.map((doc) => [doc._id, doc]))
    const now = clock.now()
    const items = page.items.map((resource) => {
      const id = instanceIdOf(resource.metadata)
      return { id, resource, session: liveSession(byKey.get(keyOf(resource)), now) }
    })
    return page.continueToken === undefined ? { items } : { items, next: page.continueToken }
  }

  /** The next count must see this instance, and so must the caller's next request. */
  async function visible(key: ResourceKey): Promise<void> {
    const deadline = clock.monotonicMs() + VISIBLE_WITHIN_MS
    while (!(await instances.get(key)) && clock.monotonicMs() < deadline) await clock.sleep(5)
  }

  function create(organization: string, spec: NewInstance, seed?: Uint8Array): Promise<Instance> {
    const key = { namespace, name: nameFrom(seed ?? randomBytes(16)) }
    return organizations.withInstanceLimit(organization, async (limit) => {
      const existing = (await instances.list({ organization })).items
      const repeated = seed && existing.find((one) => one.metadata.name === key.name)
      if (repeated) return withSession(repeated)
      if (existing.length >= limit)
        throw new WarrenError('plan_limit_reached', `The plan allows ${limit} instances.`)
      const manifest = { ...MANIFEST, metadata: key, spec: { ...spec, organization } } as InstanceManifest
      const created = await instances.create(manifest).catch(inTermsOfTheBody)
      await visible(key)
      return withSession(created)
    })
  }

  async function patch(organization: string, id: InstanceId, change: Parameters<typeof instances.patch>[1]) {
    const { metadata } = await require(organization, id)
    return withSession(await instances.patch(metadata, change, { uid: metadata.uid }).catch(inTermsOfTheBody))
  }

  return {
    require,
    list,
    create,
    get: async (organization, id) => withSession(await require(organization, id)),
    ids: async (organization) =>
      (await instances.list({ organization })).items.map((one) => instanceIdOf(one.metadata)),
    update: (organization, id, spec) => patch(organization, id, { spec }),
    restart: (organization, id) =>
      patch(organization, id, { annotations: { [RESTARTED_AT_ANNOTATION]: clock.now().toISOString() } }),

    async remove(organization, id, policy) {
      const found = await require(organization, id)
      const { uid } = found.metadata
      const changes = policy !== undefined && policy !== found.spec.deletionPolicy
      const resource = changes
        ? await instances.patch(found.metadata, { spec: { deletionPolicy: policy } }, { uid })
        : found
      await instances.delete(resource.metadata, { uid })
      const { deletionTimestamp = clock.now().toISOString() } = resource.metadata
      return withSession({ ...resource, metadata: { ...resource.metadata, deletionTimestamp } })
    },

    async logout(organization, id) {
      const resource = await require(organization, id)
      const { status } = await commands.call(keyOf(resource), 'session.logout', {})
      return { id, resource, session: { status: reviveStatus(status), alive: true } }
    },

    async disconnect(organization, id) {
      const resource = await require(organization, id)
      const { status } = await commands.call(keyOf(resource), 'session.disconnect', {})
      return { id, resource, session: { status: reviveStatus(status), alive: true } }
    },
  }
}

/** The session belongs to the organisation that the resource names. */
function keyOf({ metadata, spec }: WhatsAppInstance) {
  return sessionKeyOf({ organization: spec.organization, instance: instanceIdOf(metadata) })
}

const MANIFEST = { apiVersion: API_VERSION, kind: KIND } as const

/** `wa-` and eight characters of a-z and 0-9. */
function nameFrom(seed: Uint8Array): string {
  const digest = createHash('sha256').update(seed).digest()
  return `wa-${[...digest.subarray(0, 8)].map((byte) => (byte % 36).toString(36)).join('')}`
}

/** The cluster names fields of the resource; a caller of REST knows the body. */
function inTermsOfTheBody(error: unknown): never {
  const fields = isWarrenError(error, 'validation_failed') ? error.details.fields : undefined
  if (!fields) throw error
  throw new WarrenError('validation_failed', (error as Error).message, {
    cause: error,
    details: {
      fields: fields.map(({ path, message }) => ({ path: path.replace(/^spec\b/, 'body'), message })),
    },
  })
}
