/** Sign-ins. One document is one chain of refresh tokens, of which only the newest works. */
import { Schema } from 'mongoose'
import { type PlatformDatabase, SCHEMA_OPTIONS } from '../../platform/index.ts'

export type Login = {
  readonly _id: string
  readonly organization: string
  readonly user: string
  /** Hex SHA-256 of the secret of the newest refresh token. */
  readonly secretHash: string
  /** The same of the tokens before it, newest last: one that comes back has been copied. */
  readonly formerHashes: readonly string[]
  readonly createdAt: Date
  /** The database removes the document after this. */
  readonly expiresAt: Date
  readonly revokedAt?: Date
}

const schema = new Schema<Login>(
  {
    _id: { type: String, required: true },
    organization: { type: String, required: true },
    user: { type: String, required: true },
    secretHash: { type: String, required: true },
    formerHashes: { type: [String], required: true },
    createdAt: { type: Date, required: true },
    expiresAt: { type: Date, required: true },
    revokedAt: Date,
  },
  SCHEMA_OPTIONS,
)
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 })

/** A week of exchanges every quarter of an hour, and a few more. */
const KEPT_HASHES = 700

export type LoginRepo = {
  insert(login: Login): Promise<void>
  /** Across organisations, because a refresh token does not name one. */
  byId(id: string): Promise<Login | null>
  /** Replaces the secret in one atomic step; null when the old one is not the newest, or the chain is over. Its end does not move. */
  rotate(id: string, fromHash: string, toHash: string, now: Date): Promise<Login | null>
  revoke(organization: string, id: string, at: Date): Promise<void>
}

export function createLoginRepo(database: PlatformDatabase): LoginRepo {
  const logins = database.tenantCollection<Login>('logins', schema)
  const model = database.connection.model<Login>('logins')
  return {
    insert: (login) => logins.insert(login),
    byId: (id) => model.findById(id).lean<Login>().exec(),
    rotate: (id, fromHash, toHash, now) =>
      model
        .findOneAndUpdate(
          { _id: id, secretHash: fromHash, revokedAt: { $exists: false }, expiresAt: { $gt: now } },
          {
            $set: { secretHash: toHash },
            $push: { formerHashes: { $each: [fromHash], $slice: -KEPT_HASHES } },
          },
          { returnDocument: 'after' },
        )
        .lean<Login>()
        .exec(),
    async revoke(organization, id, at) {
      await logins.update(
        { organization, _id: id, revokedAt: { $exists: false } },
        { $set: { revokedAt: at } },
      )
    },
  }
}
