/** The folded state: values that left the log. A value is replaced only by one of a higher position, so a late fold does no harm. */

import { type KeyDoc, type SessionKey, sessionKeyOf, WarrenError } from '@warren/contracts'
import { type AnyBulkWriteOperation, MongoBulkWriteError } from 'mongodb'
import type { Clock } from '../clock/index.ts'
import { DELETION_MARKER_MS, idRange, keyId, logId, parseKeyId } from './layout.ts'
import type { Collections } from './mongo-collections.ts'
import type { ArchivedKey, KeyChange, SessionWriter, StoredKey } from './port.ts'

/** Commits that are cleaned by their names and not as a range: as many as lie between two folds, and not those of a whole life. */
const CLEANED_BY_NAME = 1_000

export function createKeyStore(
  { sessions, log, keys, archive }: Collections,
  clock: Clock,
): Pick<SessionWriter, 'keys' | 'archived' | 'archivedAfter' | 'archiveSize' | 'fold'> {
  /** Per lease, where this process's folds began to clean: the first one sweeps what a killed predecessor left. */
  const cleaned = new Map<string, number>()

  const upsert = (key: SessionKey, change: KeyChange & { n: number }): AnyBulkWriteOperation<KeyDoc> => {
    const expiresAt = change.sealed ? change.expiresAt : new Date(clock.now().getTime() + DELETION_MARKER_MS)
    return {
      updateOne: {
        filter: { _id: keyId(key, change.type, change.id), n: { $lt: change.n } },
        update: {
          $set: {
            n: change.n,
            ...(change.sealed ? { sealed: change.sealed } : {}),
            ...(expiresAt ? { expiresAt } : {}),
          },
          ...unset({ sealed: !change.sealed, expiresAt: !expiresAt }),
        },
        upsert: true,
      },
    }
  }

  const fold: SessionWriter['fold'] = async (lease, n, changes) => {
    const writes = (archived: boolean) =>
      changes
        .filter((change) => (change.expiresAt !== undefined) === archived)
        .map((change) => upsert(sessionKeyOf(lease), change))
    await writeNewer(keys, writes(false))
    await writeNewer(archive, writes(true))
    const result = await sessions.updateOne(
      { _id: sessionKeyOf(lease), epoch: lease.epoch, holder: lease.holder },
      { $max: { folded: n } },
    )
    if (result.matchedCount === 0) throw new WarrenError('fenced')
    await clean(sessionKeyOf(lease), lease.epoch, n)
  }

  /** Drops what the fold made superfluous: sealed parts, and commits that held nothing else. Takeovers stay. */
  async function clean(key: SessionKey, epoch: number, n: number): Promise<void> {
    const scope = `${key}/${epoch}`
    const from = cleaned.get(scope)
    // By name where they are few: SecantusDB reads the whole collection for a range of ids.
    const few = from !== undefined && n - from <= CLEANED_BY_NAME
    const range = few
      ? { $in: Array.from({ length: n - from }, (_, index) => logId(key, from + 1 + index)) }
      : { ...idRange(key), $gt: logId(key, from ?? 0), $lte: logId(key, n) }
    await log.deleteMany({ _id: range, entries: { $exists: false }, takeover: { $exists: false } })
    await log.updateMany({ _id: range, sealed: { $exists: true } }, { $unset: { sealed: '' } })
    cleaned.set(scope, n)
  }

  return {
    fold,
    async *keys(lease) {
      for await (const { _id, n, sealed } of keys.find({
        _id: idRange(sessionKeyOf(lease)),
        sealed: { $exists: true },
      })) {
        if (sealed) yield { ...parseKeyId(_id), n, sealed }
      }
    },
    async archived(lease, type, id): Promise<StoredKey | undefined> {
      const found = await archive.findOne({ _id: keyId(sessionKeyOf(lease), type, id) })
      return found?.sealed ? { type, id, n: found.n, sealed: found.sealed } : undefined
    },
    async archivedAfter(lease, after, limit) {
      const key = sessionKeyOf(lease)
      const range = { ...idRange(key), ...(after ? { $gt: keyId(key, after.type, after.id) } : {}) }
      const found = archive.find(
        { _id: range, sealed: { $exists: true }, expiresAt: { $exists: true } },
        { sort: { _id: 1 }, limit },
      )
      const page: ArchivedKey[] = []
      for await (const { _id, n, sealed, expiresAt } of found) {
        if (sealed && expiresAt) page.push({ ...parseKeyId(_id), n, sealed, expiresAt })
      }
      return page
    },
    archiveSize: (lease) => archive.countDocuments({ _id: idRange(sessionKeyOf(lease)) }),
  }
}

function unset(fields: { sealed: boolean; expiresAt: boolean }): { $unset?: Record<string, ''> } {
  const gone = Object.entries(fields).filter(([, absent]) => absent)
  return gone.length ? { $unset: Object.fromEntries(gone.map(([name]) => [name, ''])) } : {}
}

/** Unordered upserts; "exists already" means that a newer value is there, which is the point of the filter. */
async function writeNewer(
  target: Collections['keys'],
  writes: AnyBulkWriteOperation<KeyDoc>[],
): Promise<void> {
  if (writes.length === 0) return
  try {
    await target.bulkWrite(writes, { ordered: false })
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error
    const failures = [error.writeErrors].flat()
    if (failures.length === 0 || failures.some((failure) => failure.code !== 11000)) throw error
  }
}
