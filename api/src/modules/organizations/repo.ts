/** Organisations: the tenants. */
import { WarrenError } from '@warren/contracts'
import { isDuplicateKey } from '@warren/runtime/mongo'
import { Schema } from 'mongoose'
import { type PlatformDatabase, SCHEMA_OPTIONS } from '../../platform/index.ts'

/** How many instances a plan allows. */
export const PLAN_LIMITS = { starter: 5, basic: 5, pro: 20, enterprise: 40, max: 40 } as const
export type Plan = keyof typeof PLAN_LIMITS
export const PLANS = Object.keys(PLAN_LIMITS) as readonly Plan[]

export type Organization = {
  /** A slug; the same text is `spec.organization` of the instances. */
  readonly _id: string
  readonly name: string
  readonly plan: Plan
  readonly createdAt: Date
  /** Held while an instance is being created, so that two replicas cannot both take the last place of the plan. */
  readonly lock?: { readonly holder: string; readonly until: Date }
}

const schema = new Schema<Organization>(
  {
    _id: { type: String, required: true },
    name: { type: String, required: true },
    plan: { type: String, enum: PLANS, required: true },
    createdAt: { type: Date, required: true },
    lock: { type: { holder: String, until: Date }, _id: false },
  },
  SCHEMA_OPTIONS,
)

export type OrganizationRepo = {
  /** @throws WarrenError `already_exists` */
  insert(organization: Organization): Promise<void>
  get(organization: string): Promise<Organization | null>
  /** All of them, by id. */
  all(): AsyncIterable<Pick<Organization, '_id' | 'plan'>>
  rename(organization: string, name: string): Promise<Organization | null>
  /** Takes back an organisation whose first user could not be made. */
  remove(organization: string): Promise<void>
  /** Takes the lock unless someone else holds it at `now`. */
  lock(organization: string, holder: string, now: Date, until: Date): Promise<boolean>
  unlock(organization: string, holder: string): Promise<void>
}

export function createOrganizationRepo(database: PlatformDatabase): OrganizationRepo {
  const model = database.connection.model<Organization>('organizations', schema, 'organizations')
  return {
    async insert(organization) {
      try {
        await model.create([organization])
      } catch (error) {
        if (isDuplicateKey(error)) throw new WarrenError('already_exists', undefined, { cause: error })
        throw error
      }
    },
    get: (organization) => model.findById(organization).lean<Organization>().exec(),
    all: () => model.find({}, { plan: 1 }).sort({ _id: 1 }).lean<Organization[]>().cursor(),
    rename: (organization, name) =>
      model
        .findByIdAndUpdate(organization, { $set: { name } }, { returnDocument: 'after' })
        .lean<Organization>()
        .exec(),
    async remove(organization) {
      await model.deleteOne({ _id: organization })
    },
    async lock(organization, holder, now, until) {
      const free = { $or: [{ lock: { $exists: false } }, { 'lock.until': { $lt: now } }] }
      const result = await model.updateOne(
        { _id: organization, ...free },
        { $set: { lock: { holder, until } } },
      )
      return result.matchedCount > 0
    },
    async unlock(organization, holder) {
      await model.updateOne({ _id: organization, 'lock.holder': holder }, { $unset: { lock: '' } })
    },
  }
}
