/**
 * What the session knows, in memory: reads never wait and never fail. A change takes effect at once and joins the next commit, together
 * with the journal entries it produced; whether it is durable yet is the committer's business.
 */
import type { JournalEntry } from '@warren/contracts'
import type { Journal, JournalDraft } from '../session/journal.ts'
import { sizeOf } from './size.ts'

/** A new value; `undefined` deletes. With `expiresAt` it is a record for the archive: not kept in memory once it is folded. */
export type Change = {
  readonly type: string
  readonly id: string
  readonly value: unknown
  readonly expiresAt?: Date
}

/** Urgent changes start a commit, and no later frame leaves before them. Lazy ones ride along, or go after a few milliseconds. */
export type Urgency = 'urgent' | 'lazy'

/** The oldest steps that are pending: all of them, or as many as one commit takes. */
export type Batch = {
  readonly changes: readonly Change[]
  readonly entries: readonly JournalEntry[]
  /** The count of changes up to here: durable when this batch is. */
  readonly upTo: number
}

export type SessionState = {
  get(type: string, id: string): unknown
  /** All values of a type, in no particular order. */
  all(type: string): IterableIterator<[id: string, value: unknown]>
  ids(type: string): Iterable<string>
  /** One step: all of it becomes durable together, or nothing. */
  apply(changes: readonly Change[], drafts?: readonly JournalDraft[], urgency?: Urgency): void
  /** Takes what is pending; undefined when there is nothing. Values are those of this moment. */
  cut(): Batch | undefined
  /** The count at the last urgent change: what a frame that leaves now depends on. */
  urgentMark(): number
  /** The count at the last change. */
  mark(): number
  pending(): number
  /** What is pending, in bytes, roughly. */
  pendingBytes(): number
  /** A change that waits for its commit, or is in the one under way: batches follow one another, so the last one cut is kept. */
  pendingChange(type: string, id: string): Change | undefined
  /** Called at every change; the committer decides what follows. */
  onChange(listener: (urgency: Urgency) => void): void
  /** Puts a value that is durable already: at load. */
  restore(type: string, id: string, value: unknown): void
}

/** Bytes after which a batch takes no further step: MongoDB takes 16 MB in one document. */
const BATCH_BYTES = 8_000_000

/** Steps that are committed together. */
type Pending = {
  readonly changes: Map<string, { readonly change: Change; readonly size: number }>
  readonly entries: JournalEntry[]
  bytes: number
  upTo: number
}

const keyOf = (type: string, id: string) => `${type}/${id}`

export function createState(journal: Journal): SessionState {
  const values = new Map<string, Map<string, unknown>>()
  const batches: Pending[] = []
  let lastCut: Pending | undefined
  let count = 0
  let lastUrgent = 0
  let listener: (urgency: Urgency) => void = () => {}

  function put(type: string, id: string, value: unknown): void {
    const ofType = values.get(type) ?? new Map<string, unknown>()
    values.set(type, ofType)
    if (value === undefined) ofType.delete(id)
    else ofType.set(id, value)
  }

  /** The batch that a step of this size joins. */
  function batchFor(bytes: number): Pending {
    const last = batches.at(-1)
    if (last && last.bytes + bytes <= BATCH_BYTES) return last
    const next: Pending = { changes: new Map(), entries: [], bytes: 0, upTo: count }
    batches.push(next)
    return next
  }

  return {
    get: (type, id) => values.get(type)?.get(id),
    all: (type) => (values.get(type) ?? new Map()).entries(),
    ids: (type) => (values.get(type) ?? new Map<string, unknown>()).keys(),
    restore: put,
    apply(changes, drafts = [], urgency = 'urgent') {
      if (changes.length === 0 && drafts.length === 0) return
      const sized = changes.map((change) => ({ change, size: sizeOf(change) }))
      const draftBytes = drafts.reduce((sum, draft) => sum + sizeOf(draft), 0)
      const batch = batchFor(sized.reduce((sum, { size }) => sum + size, draftBytes))
      for (const one of sized) {
        const { type, id, value, expiresAt } = one.change
        if (!expiresAt) put(type, id, value)
        const key = keyOf(type, id)
        batch.bytes += one.size - (batch.changes.get(key)?.size ?? 0)
        batch.changes.set(key, one)
      }
      if (drafts.length > 0) batch.entries.push(...journal.number(drafts))
      batch.bytes += draftBytes
      count += 1
      batch.upTo = count
      if (urgency === 'urgent') lastUrgent = count
      listener(urgency)
    },
    cut() {
      const batch = batches.shift()
      if (!batch) return undefined
      lastCut = batch
      const { changes, entries, upTo } = batch
      return { changes: [...changes.values()].map(({ change }) => change), entries, upTo }
    },
    urgentMark: () => lastUrgent,
    mark: () => count,
    pending: () => batches.reduce((sum, { changes, entries }) => sum + changes.size + entries.length, 0),
    pendingBytes: () => batches.reduce((sum, { bytes }) => sum + bytes, 0),
    pendingChange(type, id) {
      const key = keyOf(type, id)
      const newest = batches.findLast(({ changes }) => changes.has(key)) ?? lastCut
      return newest?.changes.get(key)?.change
    },
    onChange(next) {
      listener = next
    },
  }
}
