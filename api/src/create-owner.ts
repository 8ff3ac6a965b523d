/** `--create-owner EMAIL --organization NAME`: the first user of an organisation, where nobody may register. */
import { randomBytes } from 'node:crypto'
import { isWarrenError, WarrenError } from '@warren/contracts'
import { systemClock as clock } from '@warren/runtime/clock'
import { createIds } from '@warren/runtime/ids'
import { silentLogger as logger } from '@warren/runtime/logger'
import { connectMongo } from '@warren/runtime/mongo'
import { createMongoSessionStore, migrateSessionStore } from '@warren/runtime/session-store'
import {
  createOwners,
  createPasswords,
  createUserRepo,
  type Registration,
  registrationSchema,
} from './modules/auth/index.ts'
import {
  createOrganizationRepo,
  createOrganizationService,
  PLANS,
  type Plan,
} from './modules/organizations/index.ts'
import { connectPlatformDatabase } from './platform/index.ts'
import type { loadProcessConfig } from './process-config.ts'

export type NewOwner = {
  readonly email: string
  readonly organization: string
  readonly plan: string
  /** Made up when there is none. */
  readonly password: string | undefined
}

/**
 * Needs MongoDB only. Instances that the organisation has already become the owner's.
 * @returns a sentence for the person who asked, with the password if it was made up
 * @throws Error with one sentence when something about the owner is wrong
 */
export async function createOwner(
  config: ReturnType<typeof loadProcessConfig>,
  { email, organization, plan, password: given }: NewOwner,
): Promise<string> {
  const known = PLANS.find((one) => one === plan)
  if (!known) throw new Error(`--plan is one of ${PLANS.join(', ')}, not "${plan}"`)
  const password = given || randomBytes(15).toString('base64url')
  const { value, error } = registrationSchema.validate({ email, password, organization })
  if (error) throw new Error(error.message)
  const made = await storeOwner(config, value, known)
  return `${made.email} owns the organisation ${made.organization}.${given ? '' : ` The password is ${password}`}`
}

async function storeOwner(
  config: ReturnType<typeof loadProcessConfig>,
  registration: Registration,
  plan: Plan,
): Promise<{ email: string; organization: string }> {
  const { api, process: here } = config
  const mongo = await connectMongo({
    uri: api.MONGODB_URI,
    dbName: here.MONGODB_SESSIONS_DB,
    appName: 'create-owner',
    logger,
    clock,
  })
  const database = await connectPlatformDatabase({ uri: api.MONGODB_URI, dbName: api.PLATFORM_DB, logger })
  try {
    await migrateSessionStore(mongo.db)
    const ids = createIds(clock)
    const organizations = createOrganizationService({
      repo: createOrganizationRepo(database),
      limits: createMongoSessionStore(mongo.db, clock),
      // Not asked: whoever may run this may have them.
      hasInstances: async () => false,
      clock,
      ids,
    })
    const owners = createOwners({
      users: createUserRepo(database),
      organizations,
      passwords: createPasswords(api.BCRYPT_ROUNDS),
      clock,
      ids,
    })
    await database.createIndexes()
    const { user, organization } = await owners(registration, { plan, mayTakeOver: true })
    return { email: user.email, organization: organization._id }
  } catch (error) {
    if (isWarrenError(error, 'already_exists'))
      throw new WarrenError('already_exists', `${registration.email} is registered already.`)
    throw error
  } finally {
    await Promise.all([database.close(), mongo.close()])
  }
}
