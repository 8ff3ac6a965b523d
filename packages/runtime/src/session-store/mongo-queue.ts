/** The send queue: written by the API, moved on by the pod. */
import { type QueueState, type SessionKey, sessionKeyOf, WarrenError } from '@warren/contracts'
import { MongoBulkWriteError } from 'mongodb'
import type { Clock } from '../clock/index.ts'
import { createGroupWriter, type GroupWriter, isDuplicateKey } from '../mongo/index.ts'
import { DONE_ROW_MS } from './layout.ts'
import type { Collections, StoredQueueDoc } from './mongo-collections.ts'
import type { Lease, SendQueue, SessionWriter } from './port.ts'

type Send = Parameters<SendQueue['enqueue']>[0]

const rowId = (key: SessionKey, messageId: string) => `${key}/${messageId}`

export function createQueue(
  { queue, positions, sessions }: Collections,
  clock: Clock,
): SendQueue & Pick<SessionWriter, 'pendingSends' | 'markSends'> {
  /** Sends of an instance that come while others are being written go together: one counter and one insert for all of them. */
  const writers = new Map<SessionKey, GroupWriter<Send, StoredQueueDoc | undefined>>()

  /** The rows, or undefined in place of one whose message id is in the queue already. */
  async function insertAll(key: SessionKey, sends: readonly Send[]): Promise<(StoredQueueDoc | undefined)[]> {
    const counter = await positions.findOneAndUpdate(
      { _id: key },
      { $inc: { position: sends.length } },
      { upsert: true, returnDocument: 'after' },
    )
    const before = (counter?.position ?? sends.length) - sends.length
    const createdAt = clock.now()
    const rows = sends.map((send, index): StoredQueueDoc => {
      const _id = rowId(key, send.messageId)
      return { _id, ...send, position: before + index + 1, state: 'queued', createdAt }
    })
    try {
      await queue.insertMany(rows, { ordered: false })
      return rows
    } catch (error) {
      const refused = duplicatesAmong(error)
      if (!refused) throw error
      return rows.map((row, index) => (refused.has(index) ? undefined : row))
    }
  }

  const enqueue: SendQueue['enqueue'] = async (send) => {
    const key = sessionKeyOf(send)
    const writer = writers.get(key) ?? createGroupWriter((sends: readonly Send[]) => insertAll(key, sends))
    writers.set(key, writer)
    try {
      const row = await writer.add(send)
      if (!row) throw new WarrenError('already_exists')
      return row
    } finally {
      if (writer.idle()) writers.delete(key)
    }
  }

  async function markSends(lease: Lease, messageIds: readonly string[], state: QueueState): Promise<void> {
    const ids = messageIds.map((id) => rowId(sessionKeyOf(lease), id))
    const expires = state === 'done' ? { expiresAt: new Date(clock.now().getTime() + DONE_ROW_MS) } : {}
    const result = await queue.updateMany(
      // Also rows that no holder has marked before.
      { _id: { $in: ids }, epoch: { $not: { $gt: lease.epoch } } },
      { $set: { state, epoch: lease.epoch, ...expires } },
    )
    if (result.matchedCount === ids.length) return
    // Rows may be gone because they ended long ago; a higher epoch on one of them is another matter.
    const newer = await queue.findOne({ _id: { $in: ids }, epoch: { $gt: lease.epoch } })
    if (
      newer ||
      !(await sessions.findOne({ _id: sessionKeyOf(lease), epoch: lease.epoch, holder: lease.holder }))
    )
      throw new WarrenError('fenced')
  }

  return {
    enqueue,
    markSends,
    get: (key, messageId) => queue.findOne({ _id: rowId(key, messageId) }),
    pendingSends({ organization, instance }, afterPosition, limit) {
      const after = { $gt: afterPosition }
      // One range of the index each: rows that are done are kept for a while, and there may be many.
      const states = (['queued', 'taken'] as const).map((state) => ({
        organization,
        instance,
        state,
        position: after,
      }))
      return queue.find({ $or: states }).sort({ position: 1 }).limit(limit).toArray()
    },
  }
}

/** Which documents of an unordered insert exist already; undefined when it failed for another reason too. */
function duplicatesAmong(error: unknown): ReadonlySet<number> | undefined {
  if (!(error instanceof MongoBulkWriteError)) return undefined
  const failures = [error.writeErrors].flat()
  if (!isDuplicateKey(error) || failures.some(({ code }) => code !== error.code)) return undefined
  return new Set(failures.map((failure) => failure.index))
}
