/** What happened to an account that speaks of risk: the history of its alerts. A projection. */
import type { InstanceId, JournalEvents } from '@warren/contracts'
import { Schema } from 'mongoose'
import { type PlatformDatabase, SCHEMA_OPTIONS, type TenantCollection } from '../../platform/index.ts'

export type IncidentDoc = Readonly<JournalEvents['account.risk']> & {
  readonly organization: string
  readonly instance: InstanceId
  /** Journal position. */
  readonly seq: number
  readonly at: Date
}

const schema = new Schema<IncidentDoc>(
  {
    organization: { type: String, required: true },
    instance: { type: String, required: true },
    seq: { type: Number, required: true },
    at: { type: Date, required: true },
    state: { type: String, required: true },
    previous: { type: String, required: true },
    score: { type: Number, required: true },
    cause: String,
    message: { type: String, required: true },
    until: Date,
  },
  SCHEMA_OPTIONS,
)
schema.index({ organization: 1, instance: 1, seq: -1 }, { unique: true })

export type IncidentCollection = TenantCollection<IncidentDoc>

export function incidentCollection(database: PlatformDatabase): IncidentCollection {
  return database.tenantCollection<IncidentDoc>('incidents', schema)
}

export type IncidentRepo = {
  /** Newest first, before the given journal position. */
  list(organization: string, instance: InstanceId, limit: number, before?: number): Promise<IncidentDoc[]>
}

export function createIncidentRepo(incidents: IncidentCollection): IncidentRepo {
  return {
    list: (organization, instance, limit, before) =>
      incidents.find(
        { organization, instance, ...(before === undefined ? {} : { seq: { $lt: before } }) },
        { sort: { seq: -1 }, limit },
      ),
  }
}
