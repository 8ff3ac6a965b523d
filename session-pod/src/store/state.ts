/**
 * What the session knows, in memory: reads never wait and never fail. A change takes effect at once and joins the next commit, together
 * with the journal entries it produced; whether it is durable yet is the committer's business.
 */
import type { JournalEntry } from '@warren/contracts'
import type { Journal, JournalDraft } from '../session/journal.ts'

/** A new value; `undefined` deletes. With `expiresAt` it is a record for the archive: not kept in memory once it is folded. */
export type Change = {
  readonly type: string
  readonly id: string
  readonly value: unknown
  readonly expiresAt?: Date
}

/** Urgent changes start a commit, and no later frame leaves before them. Lazy ones ride along, or go after a few milliseconds. */
export type Urgency = 'urgent' | 'lazy'

/** Everything that happened since the last cut. */
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
  /** A change that waits for its commit, or is in the one under way: batches follow one another, so the last one cut is kept. */
  pendingChange(type: string, id: string): Change | undefined
  /** Called at every change; the committer decides what follows. */
  onChange(listener: (urgency: Urgency) => void): void
  /** Puts a value that is durable already: at load. */
  restore(type: string, id: string, value: unknown): void
}

const keyOf = (type: string, id: string) => `${type}/${id}`

export function createState(journal: Journal): SessionState {
  const values = new Map<string, Map<string, unknown>>()
  let pendingChanges = new Map<string, Change>()
  let cutChanges = new Map<string, Change>()
  let pendingEntries: JournalEntry[] = []
  let count = 0
  let lastUrgent = 0
  let listener: (urgency: Urgency) => void = () => {}

  function put(type: string, id: string, value: unknown): void {
    const ofType = values.get(type) ?? new Map<string, unknown>()
    values.set(type, ofType)
    if (value === undefined) ofType.delete(id)
    else ofType.set(id, value)
  }

  return {
    get: (type, id) => values.get(type)?.get(id),
    all: (type) => (values.get(type) ?? new Map()).entries(),
    ids: (type) => (values.get(type) ?? new Map<string, unknown>()).keys(),
    restore: put,
    apply(changes, drafts = [], urgency = 'urgent') {
      if (changes.length === 0 && drafts.length === 0) return
      for (const change of changes) {
        if (!change.expiresAt) put(change.type, change.id, change.value)
        pendingChanges.set(keyOf(change.type, change.id), change)
      }
      if (drafts.length > 0) pendingEntries.push(...journal.number(drafts))
      count += 1
      if (urgency === 'urgent') lastUrgent = count
      listener(urgency)
    },
    cut() {
      if (pendingChanges.size === 0 && pendingEntries.length === 0) return undefined
      const batch = { changes: [...pendingChanges.values()], entries: pendingEntries, upTo: count }
      cutChanges = pendingChanges
      pendingChanges = new Map()
      pendingEntries = []
      return batch
    },
    urgentMark: () => lastUrgent,
    mark: () => count,
    pending: () => pendingChanges.size + pendingEntries.length,
    pendingChange: (type, id) => pendingChanges.get(keyOf(type, id)) ?? cutChanges.get(keyOf(type, id)),
    onChange(next) {
      listener = next
    },
  }
}
