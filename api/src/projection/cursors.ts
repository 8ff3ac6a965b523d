/** How far each instance's journal has been projected. */
import type { InstanceId } from '@warren/contracts'
import { Schema } from 'mongoose'
import { type PlatformDatabase, SCHEMA_OPTIONS } from '../platform/index.ts'

type CursorDoc = { readonly _id: InstanceId; readonly organization: string; readonly seq: number }

const schema = new Schema<CursorDoc>(
  {
    _id: { type: String, required: true },
    organization: { type: String, required: true },
    seq: { type: Number, required: true },
  },
  SCHEMA_OPTIONS,
)

export type CursorRepo = {
  /** 0 for an instance that was never projected. */
  get(organization: string, instance: InstanceId): Promise<number>
  /** Moves it forward and never back, so that a slow worker cannot undo a fast one's progress. */
  advance(organization: string, instance: InstanceId, seq: number): Promise<void>
  /** Begins again from the first entry. */
  reset(organization: string, instance: InstanceId): Promise<void>
  /** Of many instances at once, for the sweep; those never projected are absent. */
  positions(instances: readonly InstanceId[]): Promise<ReadonlyMap<InstanceId, number>>
}

export function createCursorRepo(database: PlatformDatabase): CursorRepo {
  const cursors = database.tenantCollection<CursorDoc>('cursors', schema)
  const model = database.connection.model<CursorDoc>('cursors')
  return {
    async get(organization, instance) {
      return (await cursors.findOne({ organization, _id: instance }))?.seq ?? 0
    },
    async advance(organization, instance, seq) {
      await cursors.bulk([
        { filter: { organization, _id: instance }, update: { $setOnInsert: { seq } }, upsert: true },
        { filter: { organization, _id: instance, seq: { $lt: seq } }, update: { $set: { seq } } },
      ])
    },
    async reset(organization, instance) {
      await cursors.update({ organization, _id: instance }, { $set: { seq: 0 } })
    },
    async positions(instances) {
      const rows = await model
        .find({ _id: { $in: instances } })
        .lean<CursorDoc[]>()
        .exec()
      return new Map(rows.map((row) => [row._id, row.seq]))
    },
  }
}
