import { type ErrorCode, WarrenError } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { Ids } from '@warren/runtime/ids'
import type { LimitReader, LimitWriter } from '@warren/runtime/session-store'
import { type Organization, type OrganizationRepo, PLAN_LIMITS } from './repo.ts'

export type OrganizationService = {
  /**
   * Makes an organisation whose slug comes from the name; a taken slug gets random characters behind it.
   * @param options.mayTakeOver a slug counts as free although there are instances of it, which someone made with a kubeconfig
   */
  create(name: string, options: CreateOptions): Promise<Organization>
  /** @throws WarrenError `not_found` */
  get(organization: string): Promise<Organization>
  rename(organization: string, name: string): Promise<Organization>
  remove(organization: string): Promise<void>
  /**
   * Tells the operator what the plans allow, where it does not know: it holds `kubectl apply` to the same limit. Done at every start, so
   * that neither a crash at the wrong moment nor a change of the plans themselves leaves an organisation with another limit.
   */
  publishLimits(): Promise<void>
  /**
   * Runs `work` while nobody else does so for this organisation, with the number of instances that its plan allows.
   * @throws WarrenError `conflict` when another one takes longer than five seconds
   */
  withInstanceLimit<T>(organization: string, work: (limit: number) => Promise<T>): Promise<T>
}

export type CreateOptions = { readonly plan: Organization['plan']; readonly mayTakeOver: boolean }

/** Limits that are compared with one query. */
const PUBLISH_BATCH = 500
const LOCK_MS = 10_000
const LOCK_PATIENCE_MS = 5_000
const LOCK_RETRY_MS = 25

/** A DNS label of at most 31 characters, so that a suffix still fits into 40. */
export function slugOf(name: string): string {
  const ascii = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  const slug = ascii.replace(/[^a-z0-9]+/g, '-').slice(0, 31)
  return slug.replace(/^-+|-+$/g, '') || 'organization'
}

export function createOrganizationService(deps: {
  repo: OrganizationRepo
  limits: LimitReader & LimitWriter
  /** Whether there are instances of an organisation, whoever made them. */
  hasInstances: (organization: string) => Promise<boolean>
  clock: Clock
  ids: Ids
}): OrganizationService {
  const { repo, limits, clock, ids } = deps

  async function create(name: string, { plan, mayTakeOver }: CreateOptions): Promise<Organization> {
    const slug = slugOf(name)
    for (const suffix of ['', randomSuffix(ids), randomSuffix(ids)]) {
      // Or a stranger who registers would have somebody's accounts by choosing a name.
      if (!mayTakeOver && (await deps.hasInstances(slug + suffix))) continue
      const organization = { _id: slug + suffix, name, plan, createdAt: clock.now() }
      try {
        await repo.insert(organization)
        await limits.setLimit(organization._id, PLAN_LIMITS[plan])
        return organization
      } catch (error) {
        if ((error as { code?: ErrorCode }).code !== 'already_exists') throw error
      }
    }
    throw new WarrenError('already_exists', `No free id was found for an organisation named ${name}.`)
  }

  async function publishLimits(): Promise<void> {
    const batch: Pick<Organization, '_id' | 'plan'>[] = []
    const publish = async () => {
      const known = await limits.limitsOf(batch.map(({ _id }) => _id))
      for (const { _id, plan } of batch)
        if (known.get(_id) !== PLAN_LIMITS[plan]) await limits.setLimit(_id, PLAN_LIMITS[plan])
      batch.length = 0
    }
    for await (const organization of repo.all()) {
      batch.push(organization)
      if (batch.length === PUBLISH_BATCH) await publish()
    }
    if (batch.length > 0) await publish()
  }

  const found = (organization: Organization | null) => {
    if (!organization) throw new WarrenError('not_found')
    return organization
  }

  async function withInstanceLimit<T>(id: string, work: (limit: number) => Promise<T>): Promise<T> {
    const { plan } = found(await repo.get(id))
    const holder = ids.newId('lock')
    const deadline = clock.monotonicMs() + LOCK_PATIENCE_MS
    for (;;) {
      const now = clock.now()
      if (await repo.lock(id, holder, now, new Date(now.getTime() + LOCK_MS))) break
      if (clock.monotonicMs() > deadline)
        throw new WarrenError('conflict', 'Another instance of the organisation is being created.')
      await clock.sleep(LOCK_RETRY_MS)
    }
    try {
      return await work(PLAN_LIMITS[plan])
    } finally {
      await repo.unlock(id, holder)
    }
  }

  return {
    create,
    get: async (organization) => found(await repo.get(organization)),
    rename: async (organization, name) => found(await repo.rename(organization, name)),
    remove: (organization) => repo.remove(organization),
    withInstanceLimit,
    publishLimits,
  }
}

function randomSuffix(ids: Ids): string {
  return `-${Buffer.from(ids.newSecret(5), 'base64url').toString('hex').slice(0, 8)}`
}
