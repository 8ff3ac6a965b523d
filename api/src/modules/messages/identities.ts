/**
 * Which two addresses are one person. WhatsApp moves numbers (PN) to hidden ids (LID); a chat that began under the one goes on under the
 * other. A number can be given to another person later, so a mapping holds from its journal position on.
 */
import { type Address, canonicalJid, type InstanceId } from '@warren/contracts'
import { Schema } from 'mongoose'
import { type PlatformDatabase, SCHEMA_OPTIONS } from '../../platform/index.ts'

export type IdentityDoc = {
  readonly organization: string
  readonly instance: InstanceId
  readonly pn: string
  readonly lid: string
  /** Journal position at which it became known. */
  readonly seq: number
}

const schema = new Schema<IdentityDoc>(
  {
    organization: { type: String, required: true },
    instance: { type: String, required: true },
    pn: { type: String, required: true },
    lid: { type: String, required: true },
    seq: { type: Number, required: true },
  },
  SCHEMA_OPTIONS,
)
schema.index({ organization: 1, instance: 1, pn: 1, lid: 1 }, { unique: true })

export type IdentityRepo = {
  /** Remembers where it first became known; a repetition changes nothing. */
  learn(identity: IdentityDoc): Promise<void>
  /** Every mapping of these numbers, oldest first. */
  ofNumbers(organization: string, instance: InstanceId, numbers: readonly string[]): Promise<IdentityDoc[]>
  /** Forgets all of an instance. */
  forget(organization: string, instance: InstanceId): Promise<void>
}

export function createIdentityRepo(database: PlatformDatabase): IdentityRepo {
  const identities = database.tenantCollection<IdentityDoc>('identities', schema)
  return {
    async learn({ organization, instance, pn, lid, seq }) {
      await identities.bulk([
        { filter: { organization, instance, pn, lid }, update: { $setOnInsert: { seq } }, upsert: true },
      ])
    },
    ofNumbers: (organization, instance, numbers) =>
      numbers.length === 0
        ? Promise.resolve([])
        : identities.find({ organization, instance, pn: { $in: numbers } }, { sort: { seq: 1 } }),
    async forget(organization, instance) {
      await identities.remove({ organization, instance })
    },
  }
}

/**
 * The hidden id of a number as it was at a journal position. Before the first mapping it is that one too: what came earlier was moved
 * there. So replaying old entries files them where they lie.
 *
 * @param known mappings of this number, oldest first
 */
export function lidAt(known: readonly IdentityDoc[], seq: number): string | undefined {
  return (known.findLast((one) => one.seq <= seq) ?? known[0])?.lid
}

/** The key of a chat or sender, with what is known of its number. */
export function keyAt(address: Address, known: readonly IdentityDoc[], seq: number): string {
  if (address.lid !== undefined || address.pn === undefined) return canonicalJid(address)
  return lidAt(known, seq) ?? canonicalJid(address)
}
