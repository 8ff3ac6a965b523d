/** API keys. Only the SHA-256 of a key is kept: it has 256 random bits, so nothing slower is needed. */
import { Schema } from 'mongoose'
import type { Scope } from '../../http/index.ts'
import { type PlatformDatabase, SCHEMA_OPTIONS } from '../../platform/index.ts'

export type ApiKey = {
  readonly _id: string
  readonly organization: string
  readonly name: string
  /** Hex SHA-256 of the whole key. */
  readonly hash: string
  /** The first characters, by which a person recognises it. */
  readonly prefix: string
  readonly scopes: Scope[]
  readonly instance?: string
  readonly createdBy: string
  readonly createdAt: Date
  readonly expiresAt?: Date
  readonly revokedAt?: Date
  readonly lastUsedAt?: Date
}

const schema = new Schema<ApiKey>(
  {
    _id: { type: String, required: true },
    organization: { type: String, required: true },
    name: { type: String, required: true },
    hash: { type: String, required: true },
    prefix: { type: String, required: true },
    scopes: { type: [String], required: true },
    instance: String,
    createdBy: { type: String, required: true },
    createdAt: { type: Date, required: true },
    expiresAt: Date,
    revokedAt: Date,
    lastUsedAt: Date,
  },
  SCHEMA_OPTIONS,
)
schema.index({ hash: 1 }, { unique: true })
schema.index({ organization: 1, _id: 1 })

export type KeyRepo = {
  insert(key: ApiKey): Promise<void>
  /** Across organisations, because the key is what tells which one it is. */
  byHash(hash: string): Promise<ApiKey | null>
  /** In order of creation, after the given id. */
  list(organization: string, limit: number, after?: string): Promise<ApiKey[]>
  /** The key as it is now; null when there is none, or it was revoked before. */
  revoke(organization: string, id: string, at: Date): Promise<ApiKey | null>
  /** How many there are that are neither revoked nor over. */
  countActive(organization: string, now: Date): Promise<number>
  touch(organization: string, id: string, at: Date): Promise<void>
}

export function createKeyRepo(database: PlatformDatabase): KeyRepo {
  const keys = database.tenantCollection<ApiKey>('keys', schema)
  const model = database.connection.model<ApiKey>('keys')
  return {
    insert: (key) => keys.insert(key),
    byHash: (hash) => model.findOne({ hash }).lean<ApiKey>().exec(),
    list: (organization, limit, after) =>
      keys.find(
        { organization, revokedAt: { $exists: false }, ...(after ? { _id: { $gt: after } } : {}) },
        { sort: { _id: 1 }, limit },
      ),
    revoke: (organization, id, at) =>
      keys.findAndUpdate(
        { organization, _id: id, revokedAt: { $exists: false } },
        { $set: { revokedAt: at } },
      ),
    countActive: (organization, now) =>
      model
        .countDocuments({
          organization,
          revokedAt: { $exists: false },
          $or: [{ expiresAt: { $exists: false } }, { expiresAt: { $gt: now } }],
        })
        .exec(),
    async touch(organization, id, at) {
      await keys.update({ organization, _id: id }, { $set: { lastUsedAt: at } })
    },
  }
}
