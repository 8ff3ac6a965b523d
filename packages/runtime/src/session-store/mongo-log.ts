/** The log: one insert is data and fence at once. */
import { type JournalEntry, type LogDoc, type SessionKey, sessionKeyOf, WarrenError } from '@warren/contracts'
import type { Clock } from '../clock/index.ts'
import { isDuplicateKey, isTransient } from '../mongo/index.ts'
import { idRange, logId, positionOf } from './layout.ts'
import type { Collections } from './mongo-collections.ts'
import type { Commit, Lease, SessionReader, SessionWriter } from './port.ts'

export type Log = Pick<SessionWriter, 'append' | 'commitsAfter'> &
  Pick<SessionReader, 'journal' | 'head'> & {
    /** The document at the end of the log. */
    last(key: SessionKey): Promise<LogDoc | null>
  }

/** Pause before an insert of unknown outcome is repeated. */
const RETRY_MS = 200

export function createLog({ log, sessions }: Collections, clock: Clock): Log {
  async function append(lease: Lease, n: number, commit: Commit): Promise<void> {
    const seq = commit.entries?.at(-1)?.seq
    const document: LogDoc = {
      _id: logId(sessionKeyOf(lease), n),
      epoch: lease.epoch,
      holder: lease.holder,
      at: clock.now(),
      ...(commit.sealed ? { sealed: commit.sealed } : {}),
      ...(commit.entries && seq !== undefined
        ? { session: sessionKeyOf(lease), seq, entries: commit.entries }
        : {}),
    }
    for (;;) {
      try {
        await log.insertOne(document)
        return
      } catch (error) {
        if (isDuplicateKey(error)) {
          if (await isOurs(lease, document._id)) return
        } else if (!isTransient(error)) throw error
        await clock.sleep(RETRY_MS)
      }
    }
  }

  /** The position is taken: by us, when an earlier attempt went through unnoticed, or by a newer holder. */
  async function isOurs(lease: Lease, id: string): Promise<boolean> {
    const found = await log.findOne({ _id: id }, { projection: { epoch: 1, holder: 1 } })
    // Rolled back meanwhile, or not seen yet by the member that answers: the insert is repeated.
    if (!found) return false
    if (found.epoch !== lease.epoch || found.holder !== lease.holder) throw new WarrenError('fenced')
    return true
  }

  async function* commitsAfter(lease: Lease, n: number) {
    const cursor = log.find(
      { _id: { ...idRange(sessionKeyOf(lease)), $gt: logId(sessionKeyOf(lease), n) } },
      { sort: { _id: 1 }, projection: { sealed: 1, seq: 1 } },
    )
    for await (const { _id, sealed, seq } of cursor) {
      yield { n: positionOf(_id), ...(sealed ? { sealed } : {}), ...(seq === undefined ? {} : { seq }) }
    }
  }

  async function journal(session: SessionKey, afterSeq: number, limit: number) {
    const found: (JournalEntry & { epoch: number })[] = []
    const cursor = log.find(
      { session, seq: { $gt: afterSeq } },
      { sort: { seq: 1 }, projection: { entries: 1, epoch: 1 }, limit },
    )
    for await (const { entries = [], epoch } of cursor) {
      for (const entry of entries) {
        if (entry.seq > afterSeq) found.push({ ...entry, epoch })
        if (found.length === limit) return found
      }
    }
    return found
  }

  return {
    append,
    commitsAfter,
    journal,
    last: (key) => log.findOne({ _id: idRange(key) }, { sort: { _id: -1 } }),
    async head(key) {
      const entries = { session: key, seq: { $gt: 0 } }
      const last = await log.findOne(entries, { sort: { seq: -1 }, projection: { seq: 1 } })
      return last?.seq ?? (await sessions.findOne({ _id: key }, { projection: { base: 1 } }))?.base ?? 0
    },
  }
}
