/** The send queue: written by the API, moved on by the pod. */
import { type InstanceId, type QueueState, WarrenError } from '@warren/contracts'
import type { Clock } from '../clock/index.ts'
import { isDuplicateKey } from '../mongo/index.ts'
import { DONE_ROW_MS } from './layout.ts'
import type { Collections, StoredQueueDoc } from './mongo-collections.ts'
import type { Lease, SendQueue, SessionWriter } from './port.ts'

const rowId = (instance: InstanceId, messageId: string) => `${instance}/${messageId}`

export function createQueue(
  { queue, positions, sessions }: Collections,
  clock: Clock,
): SendQueue & Pick<SessionWriter, 'pendingSends' | 'markSends'> {
  const enqueue: SendQueue['enqueue'] = async (send) => {
    const counter = await positions.findOneAndUpdate(
      { _id: send.instance },
      { $inc: { position: 1 } },
      { upsert: true, returnDocument: 'after' },
    )
    const row: StoredQueueDoc = {
      _id: rowId(send.instance, send.messageId),
      ...send,
      position: counter?.position ?? 1,
      state: 'queued',
      createdAt: clock.now(),
    }
    try {
      await queue.insertOne(row)
    } catch (error) {
      if (isDuplicateKey(error)) throw new WarrenError('already_exists', undefined, { cause: error })
      throw error
    }
    return row
  }

  async function markSends(lease: Lease, messageIds: readonly string[], state: QueueState): Promise<void> {
    const ids = messageIds.map((id) => rowId(lease.instance, id))
    const expires = state === 'done' ? { expiresAt: new Date(clock.now().getTime() + DONE_ROW_MS) } : {}
    const result = await queue.updateMany(
      { _id: { $in: ids }, $or: [{ epoch: { $exists: false } }, { epoch: { $lte: lease.epoch } }] },
      { $set: { state, epoch: lease.epoch, ...expires } },
    )
    if (result.matchedCount === ids.length) return
    // Rows may be gone because they ended long ago; a higher epoch on one of them is another matter.
    const newer = await queue.findOne({ _id: { $in: ids }, epoch: { $gt: lease.epoch } })
    if (newer || !(await sessions.findOne({ _id: lease.instance, epoch: lease.epoch, holder: lease.holder })))
      throw new WarrenError('fenced')
  }

  return {
    enqueue,
    markSends,
    get: (instance, messageId) => queue.findOne({ _id: rowId(instance, messageId) }),
    pendingSends: (lease, afterPosition, limit) =>
      queue
        .find({
          instance: lease.instance,
          state: { $in: ['queued', 'taken'] },
          position: { $gt: afterPosition },
        })
        .sort({ position: 1 })
        .limit(limit)
        .toArray(),
  }
}
