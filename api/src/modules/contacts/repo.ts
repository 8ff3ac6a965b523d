/** Contacts: people who wrote, or whose name became known. A projection. */
import type { InstanceId } from '@warren/contracts'
import { Schema } from 'mongoose'
import { type PlatformDatabase, SCHEMA_OPTIONS, type TenantCollection } from '../../platform/index.ts'
import type { IdentityDoc } from '../identities/index.ts'

/** What told that the two addresses are this person's, and when. */
export type ContactMapping = Pick<IdentityDoc, 'source' | 'at'>

export type ContactDoc = {
  readonly organization: string
  readonly instance: InstanceId
  /** See `contactIdOf`. */
  readonly id: string
  /** Key of the person, see `canonicalJid`. */
  readonly jid: string
  readonly pn?: string
  readonly lid?: string
  readonly mapping?: ContactMapping
  readonly username?: string
  /** Journal position of the username; absent when there is none. */
  readonly usernameSeq?: number
  readonly pushName?: string
  /** Journal position of the name; 0 when there is none. */
  readonly nameSeq: number
  /** When the person asked for no more marketing; null once that was taken back. */
  readonly optedOutAt?: Date | null
  /** Journal position of that. */
  readonly optOutSeq?: number
}

const schema = new Schema<ContactDoc>(
  {
    organization: { type: String, required: true },
    instance: { type: String, required: true },
    id: { type: String, required: true },
    jid: { type: String, required: true },
    pn: String,
    lid: String,
    mapping: Schema.Types.Mixed,
    username: String,
    usernameSeq: Number,
    pushName: String,
    nameSeq: { type: Number, required: true },
    optedOutAt: Date,
    optOutSeq: Number,
  },
  SCHEMA_OPTIONS,
)
schema.index({ organization: 1, instance: 1, jid: 1 }, { unique: true })
schema.index({ organization: 1, instance: 1, id: 1 })
schema.index(
  { organization: 1, instance: 1, pn: 1 },
  { partialFilterExpression: { pn: { $exists: true } }, name: 'numbers' },
)
schema.index(
  { organization: 1, instance: 1, optedOutAt: 1 },
  { partialFilterExpression: { optedOutAt: { $type: 'date' } }, name: 'opted_out' },
)

export type ContactCollection = TenantCollection<ContactDoc>

export function contactCollection(database: PlatformDatabase): ContactCollection {
  return database.tenantCollection<ContactDoc>('contacts', schema)
}

export type ContactRepo = {
  /** By key, after the given one. */
  list(
    organization: string,
    instance: InstanceId,
    query: { limit: number; after?: string; optedOut?: boolean },
  ): Promise<ContactDoc[]>
  byId(organization: string, instance: InstanceId, id: string): Promise<ContactDoc | null>
  byKeys(organization: string, instance: InstanceId, keys: readonly string[]): Promise<ContactDoc[]>
}

export function createContactRepo(contacts: ContactCollection): ContactRepo {
  return {
    list: (organization, instance, { limit, after, optedOut }) =>
      contacts.find(
        {
          organization,
          instance,
          ...(after === undefined ? {} : { jid: { $gt: after } }),
          ...(optedOut === undefined ? {} : { optedOutAt: optedOut ? { $ne: null } : null }),
        },
        { sort: { jid: 1 }, limit },
      ),
    byId: (organization, instance, id) => contacts.findOne({ organization, instance, id }),
    byKeys: (organization, instance, keys) => contacts.find({ organization, instance, jid: { $in: keys } }),
  }
}
