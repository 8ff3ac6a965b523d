/** People who may sign in. */
import { isWarrenError, WarrenError } from '@warren/contracts'
import { Schema } from 'mongoose'
import { type PlatformDatabase, SCHEMA_OPTIONS } from '../../platform/index.ts'

export type User = {
  readonly _id: string
  readonly organization: string
  /** In lower case. One e-mail address belongs to one organisation. */
  readonly email: string
  readonly name?: string
  readonly passwordHash: string
  readonly createdAt: Date
}

const schema = new Schema<User>(
  {
    _id: { type: String, required: true },
    organization: { type: String, required: true },
    email: { type: String, required: true },
    name: String,
    passwordHash: { type: String, required: true },
    createdAt: { type: Date, required: true },
  },
  SCHEMA_OPTIONS,
)
schema.index({ email: 1 }, { unique: true })
schema.index({ organization: 1 })

export type UserRepo = {
  /** @throws WarrenError `already_exists` when the e-mail address is taken */
  insert(user: User): Promise<void>
  /** Across organisations, because the address is what tells which one it is. */
  byEmail(email: string): Promise<User | null>
  get(organization: string, id: string): Promise<User | null>
}

export function createUserRepo(database: PlatformDatabase): UserRepo {
  const users = database.tenantCollection<User>('users', schema)
  const model = database.connection.model<User>('users')
  return {
    async insert(user) {
      try {
        await users.insert(user)
      } catch (error) {
        if (!isWarrenError(error, 'already_exists')) throw error
        throw new WarrenError('already_exists', 'This e-mail address is registered already.', {
          cause: error,
        })
      }
    },
    byEmail: (email) => model.findOne({ email: email.toLowerCase() }).lean<User>().exec(),
    get: (organization, id) => users.findOne({ organization, _id: id }),
  }
}
