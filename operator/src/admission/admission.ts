import { ORGANIZATION_LABEL, type WhatsAppInstance } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { Cluster } from '@warren/runtime/cluster'
import type { LimitReader } from '@warren/runtime/session-store'
import type { Obstacle } from '../pods/verdicts.ts'
import { queueKeyOf } from '../resource-key.ts'
import { createPlaces } from './places.ts'

/** Whether instances may run: the plan's limit, for `kubectl apply` and REST alike, and whose namespace it is. */
export type Admission = {
  /**
   * For an instance that is to run. It has its place from then on, or waits for one.
   * @param runs whether it has a pod: then it keeps its place whatever the plan says
   * @returns what is in the way, undefined when nothing is
   * @throws when it has no place yet, and the limit was never known and cannot be read
   */
  admit(instance: WhatsAppInstance, runs: boolean): Promise<Obstacle | undefined>
  /** The instance exists and is not to run; its place as a running one is free. */
  rest(instance: WhatsAppInstance): void
  /** The instance is gone. */
  forget(key: string): void
  /** What runs when an operator begins, before its first decision. */
  seed(instances: Iterable<{ readonly instance: WhatsAppInstance; readonly runs: boolean }>): void
  /** Whether the namespace belongs to another organisation. */
  mismatches(instance: WhatsAppInstance): Promise<boolean>
  /** Asks for new limits where somebody waits. */
  refresh(): Promise<void>
  /** How many instances wait for a place. */
  waiting(): number
}

/** How long a limit is believed: a plan that became larger is noticed within this time. */
const LIMIT_TTL_MS = 30_000

export function createAdmission(deps: {
  readonly cluster: Pick<Cluster, 'namespaces'>
  readonly limits: LimitReader
  /** For organisations that nobody has set a limit for. */
  readonly defaultLimit: number
  readonly clock: Clock
  /** Called for instances that waited and may run now. */
  readonly onAdmissible: (key: string) => void
}): Admission {
  const { cluster, clock } = deps
  const places = createPlaces()
  const known = new Map<string, { readonly limit: number; readonly readMs: number }>()

  async function limitOf(organization: string): Promise<number> {
    const cached = known.get(organization)
    if (cached && clock.monotonicMs() - cached.readMs < LIMIT_TTL_MS) return cached.limit
    try {
      return learn(organization, (await deps.limits.limitsOf([organization])).get(organization))
    } catch (error) {
      // A database that is away takes no place from anyone: what was last read still holds.
      if (cached) return cached.limit
      throw error
    }
  }

  function learn(organization: string, read: number | undefined): number {
    const limit = read ?? deps.defaultLimit
    known.set(organization, { limit, readMs: clock.monotonicMs() })
    return limit
  }

  function tellAdmissible(organization: string): void {
    const limit = known.get(organization)?.limit
    if (limit !== undefined) for (const key of places.admissible(organization, limit)) deps.onAdmissible(key)
  }

  function forget(key: string): void {
    const organization = places.forget(key)
    if (organization === undefined) return
    if (places.count(organization) === 0) known.delete(organization)
    else tellAdmissible(organization)
  }

  async function mismatchOf({ metadata, spec }: WhatsAppInstance): Promise<Obstacle | undefined> {
    const owner = await cluster.namespaces.organizationOf(metadata.namespace)
    if (owner === undefined || owner === spec.organization) return undefined
    return {
      reason: 'OrganizationMismatch',
      message: `The namespace ${metadata.namespace} belongs to the organisation ${owner} (label ${ORGANIZATION_LABEL}), and spec.organization is ${spec.organization}.`,
    }
  }

  return {
    async admit(instance, runs) {
      const { organization } = instance.spec
      const mismatch = await mismatchOf(instance)
      if (mismatch) {
        // It is no concern of the plan until it may run.
        if (!runs) forget(queueKeyOf(instance.metadata))
        return mismatch
      }
      places.observe(instance)
      // Whoever has a place keeps it, and waits for no database.
      if (runs || places.holds(instance)) {
        places.hold(instance, true)
        return undefined
      }
      const limit = await limitOf(organization)
      // From here to the return nothing is awaited: two instances cannot take the last place.
      if (places.isAdmitted(instance, limit)) {
        places.hold(instance, true)
        return undefined
      }
      places.wait(instance)
      return {
        reason: 'InstanceLimit',
        message: `The plan of the organisation ${organization} allows ${limit} instances and it has ${places.count(organization)}; this one starts when there is room.`,
      }
    },
    rest(instance) {
      places.observe(instance)
      if (places.hold(instance, false)) tellAdmissible(instance.spec.organization)
    },
    forget,
    seed(instances) {
      for (const { instance, runs } of instances) {
        places.observe(instance)
        if (runs) places.hold(instance, true)
      }
    },
    mismatches: async (instance) => (await mismatchOf(instance)) !== undefined,
    async refresh() {
      const crowded = places.crowded()
      if (crowded.length === 0) return
      const read = await deps.limits.limitsOf(crowded)
      for (const organization of crowded) {
        learn(organization, read.get(organization))
        tellAdmissible(organization)
      }
    },
    waiting: places.waiting,
  }
}
