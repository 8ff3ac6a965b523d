/** The session store on MongoDB. See `lease.ts` and `log.ts` for what makes it safe. */
import type { Db } from 'mongodb'
import type { Clock } from '../clock/index.ts'
import { collectionsOf } from './mongo-collections.ts'
import { createKeyStore } from './mongo-keys.ts'
import { createLeases } from './mongo-lease.ts'
import { createLimits } from './mongo-limits.ts'
import { createLog } from './mongo-log.ts'
import { createProxyPools } from './mongo-proxies.ts'
import { createQueue } from './mongo-queue.ts'
import type { SessionStore } from './port.ts'

/**
 * @param db the sessions database; {@link migrateSessionStore} must have run on it once
 */
export function createMongoSessionStore(db: Db, clock: Clock): SessionStore {
  const collections = collectionsOf(db)
  const log = createLog(collections, clock)
  const leases = createLeases(collections, log, clock)
  return {
    ...leases,
    ...createKeyStore(collections, clock),
    ...createQueue(collections, clock),
    ...createLimits(collections),
    ...createProxyPools(collections),
    append: log.append,
    commitsAfter: log.commitsAfter,
    journal: log.journal,
    head: log.head,
  }
}
