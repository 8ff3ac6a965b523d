/** Reads the rows of the queue, page by page, whenever there may be new ones. */
import type { QueueDoc } from '@warren/contracts'
import type { LeftRows } from './left-rows.ts'
import type { Outbox } from './outbox.ts'

/** Rows read at a time. */
const PAGE = 100
/** Rows become visible a little out of order, since several API replicas insert; each pass looks back this far. */
const LOOK_BACK = 64

export type QueueReader = {
  /** `near`: from a little before the last row that was seen; `all`: from the front. One pass at a time. */
  read(from: 'near' | 'all'): void
  /** Resolves when no pass is under way. */
  settled(): Promise<void>
}

export function createQueueReader(options: {
  outbox: Pick<Outbox, 'whileReading'>
  left: Pick<LeftRows, 'pass'>
  pending: (afterPosition: number, limit: number) => Promise<QueueDoc[]>
  take: (row: QueueDoc) => void
  /** Whether rows are wanted at present. */
  wants: () => boolean
  hasRoom: () => boolean
  onError: (error: unknown) => void
}): QueueReader {
  const { outbox, left, take, wants, hasRoom } = options
  let seen = 0
  let reading: Promise<void> | undefined
  let wanted: 'no' | 'near' | 'all' = 'no'

  async function passes(): Promise<void> {
    while (wanted !== 'no' && wants()) {
      const end = wanted === 'all' ? left.pass() : () => {}
      let after = wanted === 'all' ? 0 : Math.max(0, seen - LOOK_BACK)
      let complete = false
      wanted = 'no'
      try {
        while (hasRoom() && !complete) {
          const rows = await outbox.whileReading(async () => {
            const found = await options.pending(after, PAGE)
            for (const row of found) take(row)
            return found
          })
          after = rows.at(-1)?.position ?? after
          seen = Math.max(seen, after)
          complete = rows.length < PAGE
        }
      } finally {
        end(complete)
      }
    }
  }

  return {
    read(from) {
      if (!wants()) return
      if (wanted !== 'all') wanted = from
      reading ??= passes()
        .catch(options.onError)
        .finally(() => {
          reading = undefined
        })
    },
    settled: () => reading ?? Promise.resolve(),
  }
}
