/** The facts of identities at rest: also the aliases by which a contact is still found that was known by its number alone. */
import { contactIdOf, type InstanceId, sessionKeyOf } from '@warren/contracts'
import { Schema } from 'mongoose'
import { type PlatformDatabase, SCHEMA_OPTIONS } from '../../platform/index.ts'
import { type Fact, NOW } from './facts.ts'

/** What told it: an address with both forms in an entry about a message, or WhatsApp's own answers and lists. */
export type IdentitySource = 'message' | 'whatsapp'

export type IdentityDoc = Fact & {
  readonly organization: string
  readonly instance: InstanceId
  readonly source: IdentitySource
  readonly at: Date
  /** The id that the contact had, or would have had, while its number alone was known. */
  readonly alias: string
}

const schema = new Schema<IdentityDoc>(
  {
    organization: { type: String, required: true },
    instance: { type: String, required: true },
    pn: { type: String, required: true },
    lid: { type: String, required: true },
    seq: { type: Number, required: true },
    until: Number,
    source: { type: String, required: true },
    at: { type: Date, required: true },
    alias: { type: String, required: true },
  },
  SCHEMA_OPTIONS,
)
schema.index({ organization: 1, instance: 1, pn: 1, lid: 1, seq: 1 }, { unique: true })
schema.index({ organization: 1, instance: 1, lid: 1 })
schema.index({ organization: 1, instance: 1, alias: 1 })

export type IdentityRepo = {
  /**
   * Remembers facts; a repetition changes nothing.
   * @param ended facts that do not hold any more, with `until`
   */
  learn(facts: readonly IdentityDoc[], ended?: readonly IdentityDoc[]): Promise<void>
  /** All that is known of these numbers and of whoever had them, and of these LIDs. */
  about(
    organization: string,
    instance: InstanceId,
    addresses: { readonly numbers: readonly string[]; readonly lids: readonly string[] },
  ): Promise<IdentityDoc[]>
  byAlias(organization: string, instance: InstanceId, id: string): Promise<IdentityDoc | null>
  /** Forgets all of an instance. */
  forget(organization: string, instance: InstanceId): Promise<void>
}

export function createIdentityRepo(database: PlatformDatabase): IdentityRepo {
  const identities = database.tenantCollection<IdentityDoc>('identity_facts', schema)
  return {
    async learn(facts, ended = []) {
      await identities.bulk(
        ended.map(({ organization, instance, pn, lid, seq, until = NOW }) => ({
          filter: { organization, instance, pn, lid, seq },
          update: { $set: { until } },
        })),
      )
      if (facts.length > 0) await identities.insertMissing(facts)
    },
    async about(organization, instance, { numbers, lids }) {
      const scope = { organization, instance }
      const named =
        numbers.length + lids.length === 0
          ? []
          : await identities.find({ ...scope, $or: [{ pn: { $in: numbers } }, { lid: { $in: lids } }] })
      const owners = [...new Set(named.map(({ lid }) => lid))].filter((lid) => !lids.includes(lid))
      const further = owners.length === 0 ? [] : await identities.find({ ...scope, lid: { $in: owners } })
      return [
        ...new Map(
          [...named, ...further].map((fact) => [`${fact.pn} ${fact.lid} ${fact.seq}`, fact]),
        ).values(),
      ]
    },
    byAlias: (organization, instance, alias) => identities.findOne({ organization, instance, alias }),
    async forget(organization, instance) {
      await identities.remove({ organization, instance })
    },
  }
}

/** A fact as it is stored. @param former how many owners the number had before */
export function identityOf(
  scope: { readonly organization: string; readonly instance: InstanceId },
  told: Pick<IdentityDoc, 'pn' | 'lid' | 'seq' | 'source' | 'at'>,
  former: number,
): IdentityDoc {
  const { organization, instance } = scope
  const alias = contactIdOf(sessionKeyOf(scope), told.pn, former)
  return { organization, instance, ...told, alias }
}
