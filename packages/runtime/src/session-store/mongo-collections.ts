import type { KeyDoc, LimitDoc, LogDoc, ProxyPoolDoc, QueueDoc, SessionDoc } from '@warren/contracts'
import type { Collection, Db } from 'mongodb'
import { MONGO_OPTIONS } from '../mongo/index.ts'

/** A row of the queue as stored: with the epoch of the holder that moved it last. */
export type StoredQueueDoc = QueueDoc & { readonly epoch?: number }

export type Collections = {
  readonly sessions: Collection<SessionDoc>
  readonly log: Collection<LogDoc>
  readonly keys: Collection<KeyDoc>
  readonly archive: Collection<KeyDoc>
  readonly queue: Collection<StoredQueueDoc>
  readonly limits: Collection<LimitDoc>
  readonly proxies: Collection<ProxyPoolDoc>
  readonly positions: Collection<{ _id: string; position: number }>
}

const OPTIONS = {
  ignoreUndefined: true,
  promoteBuffers: true,
  writeConcern: MONGO_OPTIONS.writeConcern,
} as const

export function collectionsOf(db: Db): Collections {
  return {
    sessions: db.collection('sessions', OPTIONS),
    log: db.collection('log', OPTIONS),
    keys: db.collection('keys', OPTIONS),
    archive: db.collection('archive', OPTIONS),
    queue: db.collection('queue', OPTIONS),
    limits: db.collection('limits', OPTIONS),
    proxies: db.collection('proxies', OPTIONS),
    positions: db.collection('positions', OPTIONS),
  }
}

/** Creates the indexes. Safe to repeat. */
export async function migrateSessionStore(db: Db): Promise<void> {
  const { log, keys, archive, queue } = collectionsOf(db)
  // Only commits with journal entries carry `session` and `seq`: a commit of keys alone costs no index entry.
  await log.createIndex({ session: 1, seq: 1 }, { name: 'journal', sparse: true })
  await queue.createIndex({ organization: 1, instance: 1, state: 1, position: 1 }, { name: 'pending' })
  for (const collection of [keys, archive, queue]) {
    await collection.createIndex({ expiresAt: 1 }, { name: 'end-of-life', expireAfterSeconds: 0 })
  }
}
