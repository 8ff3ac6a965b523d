/**
 * A collection that cannot be read or written without naming the organisation: the type of every filter demands it. Repositories get this
 * and never the model.
 */
import { WarrenError } from '@warren/contracts'
import { isDuplicateKey } from '@warren/runtime/mongo'
import type { AnyBulkWriteOperation, Connection, Model, Schema } from 'mongoose'

export type TenantOwned = { organization: string }

/** Conditions on one field. */
type Condition<V> =
  | V
  | {
      readonly $in?: readonly V[]
      readonly $nin?: readonly V[]
      readonly $ne?: V | null
      readonly $lt?: V
      readonly $lte?: V
      readonly $gt?: V
      readonly $gte?: V
      readonly $exists?: boolean
    }

type Conditions<D> = { readonly [K in keyof D]?: Condition<D[K]> } & {
  readonly [path: `${string}.${string}`]: unknown
}

/** The organisation is mandatory and a single value; everything else is optional. */
export type TenantFilter<D extends TenantOwned> = Conditions<Omit<D, 'organization'>> & {
  readonly organization: string
  readonly $or?: readonly Conditions<Omit<D, 'organization'>>[]
}

type Fields<D> = { readonly [K in keyof D]?: D[K] } & { readonly [path: `${string}.${string}`]: unknown }

/** The update operators in use. The organisation of a document never changes. */
export type Update<D extends TenantOwned> = {
  readonly $set?: Fields<Omit<D, 'organization'>>
  readonly $max?: Fields<Omit<D, 'organization'>>
  readonly $setOnInsert?: Fields<D>
  readonly $unset?: { readonly [K in keyof D]?: '' } & { readonly [path: `${string}.${string}`]: '' }
}

export type BulkOperation<D extends TenantOwned> =
  | {
      readonly update: Update<D>
      readonly filter: TenantFilter<D>
      readonly upsert?: boolean
      readonly many?: boolean
    }
  | { readonly delete: TenantFilter<D> }

export type FindOptions<D> = {
  readonly sort?: { readonly [K in keyof D]?: 1 | -1 }
  readonly limit?: number
}

export type TenantCollection<D extends TenantOwned> = {
  /** @throws WarrenError `already_exists` when a unique index refuses it */
  insert(document: D): Promise<void>
  /** Inserts what no unique index refuses; what it refuses is there already. */
  insertMissing(documents: readonly D[]): Promise<void>
  findOne(filter: TenantFilter<D>, options?: FindOptions<D>): Promise<D | null>
  find(filter: TenantFilter<D>, options?: FindOptions<D>): Promise<D[]>
  /** How many documents have each value of a field. */
  countBy(field: keyof D & string, filter: TenantFilter<D>): Promise<ReadonlyMap<string, number>>
  /** Whether a document matched. */
  update(filter: TenantFilter<D>, update: Update<D>): Promise<boolean>
  /** The document as it is afterwards; null when none matched. */
  findAndUpdate(filter: TenantFilter<D>, update: Update<D>, options?: { upsert?: boolean }): Promise<D | null>
  /** How many went. */
  remove(filter: TenantFilter<D>): Promise<number>
  /** In order. Returns how many documents each kind of write touched. */
  bulk(operations: readonly BulkOperation<D>[]): Promise<{ matched: number; inserted: number }>
}

export function createTenantCollection<D extends TenantOwned>(
  connection: Connection,
  name: string,
  schema: Schema<D>,
): TenantCollection<D> {
  const model = connection.model(name, schema, name) as unknown as Model<TenantOwned>
  // Mongoose's own filter types accept a missing organisation; ours were checked above, so its are left aside here.
  const loose = (filter: TenantFilter<D>) => filter as object
  const change = (update: Update<D>) => update as object

  const bulkOperation = (one: BulkOperation<D>): AnyBulkWriteOperation => {
    if ('delete' in one) return { deleteOne: { filter: loose(one.delete) } }
    const write = { filter: loose(one.filter), update: change(one.update), upsert: one.upsert ?? false }
    return one.many ? { updateMany: write } : { updateOne: write }
  }

  return {
    async insert(document) {
      try {
        await model.create([document])
      } catch (error) {
        if (isDuplicateKey(error)) throw new WarrenError('already_exists', undefined, { cause: error })
        throw error
      }
    },
    async insertMissing(documents) {
      try {
        await model.insertMany([...documents], { ordered: false })
      } catch (error) {
        if (!onlyDuplicates(error)) throw error
      }
    },
    findOne: (filter, options = {}) => model.findOne(loose(filter), null, options).lean<D>().exec(),
    find: (filter, options = {}) => model.find(loose(filter), null, options).lean<D[]>().exec(),
    async countBy(field, filter) {
      const rows = await model.aggregate<{ _id: string; n: number }>([
        { $match: loose(filter) },
        { $group: { _id: `$${field}`, n: { $sum: 1 } } },
      ])
      return new Map(rows.map(({ _id, n }) => [_id, n]))
    },
    async update(filter, update) {
      return (await model.updateOne(loose(filter), change(update))).matchedCount > 0
    },
    findAndUpdate: (filter, update, { upsert = false } = {}) =>
      model
        .findOneAndUpdate(loose(filter), change(update), { upsert, returnDocument: 'after' })
        .lean<D>()
        .exec(),
    async remove(filter) {
      return (await model.deleteMany(loose(filter))).deletedCount
    },
    async bulk(operations) {
      if (operations.length === 0) return { matched: 0, inserted: 0 }
      const result = await model.bulkWrite(operations.map(bulkOperation), { ordered: true })
      return { matched: result.matchedCount, inserted: result.upsertedCount }
    },
  }
}

/** An unordered insert tells of every document that failed; the error has the code of the first. */
function onlyDuplicates(error: unknown): boolean {
  const { code, writeErrors = [] } = error as { code?: unknown; writeErrors?: Failure | Failure[] }
  return isDuplicateKey(error) && [writeErrors].flat().every((failure) => failure.code === code)
}
type Failure = { readonly code?: unknown }
