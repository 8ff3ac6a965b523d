import type { Collections } from './mongo-collections.ts'
import type { LimitReader, LimitWriter } from './port.ts'

/** What plans allow: one small document an organisation. */
export function createLimits({ limits }: Pick<Collections, 'limits'>): LimitReader & LimitWriter {
  return {
    async limitsOf(organizations) {
      const found = await limits.find({ _id: { $in: [...organizations] } }).toArray()
      return new Map(found.map(({ _id, maxInstances }) => [_id, maxInstances]))
    },
    async setLimit(organization, maxInstances) {
      await limits.updateOne({ _id: organization }, { $set: { maxInstances } }, { upsert: true })
    },
  }
}
