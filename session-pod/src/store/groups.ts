/**
 * One lock an account, and under it groups: everything that one encryption or decryption changes becomes durable together, with the
 * journal entries that it produced, or not at all.
 *
 * One lock and not one an address: the work under it is pure computation, so it costs nothing, and a mapping between phone number and
 * hidden id cannot change the address of a session while it is used. Nothing under the lock may wait for the network.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { JournalDraft } from '../session/journal.ts'
import type { Change, SessionState } from './state.ts'

export type Groups = {
  /** Runs alone; what it puts is applied when it returns, and forgotten when it throws. Inside a group it just runs. */
  run<T>(work: () => Promise<T>): Promise<T>
  /** Whether the caller runs in a group that is still open. */
  inside(): boolean
  /** A value as the running group sees it. */
  get(type: string, id: string): unknown
  /** Adds to the running group; outside of one it is a group by itself. */
  put(change: Change): void
  /** As {@link Groups.put}, for an entry of the journal. */
  record(draft: JournalDraft): void
}

type Group = { readonly changes: Map<string, Change>; readonly drafts: JournalDraft[]; open: boolean }

export function createGroups(state: SessionState): Groups {
  const context = new AsyncLocalStorage<Group>()
  let tail: Promise<unknown> = Promise.resolve()

  /** A promise that outlives its group still carries the context: a closed group counts as none, or its writes would be lost. */
  const current = (): Group | undefined => {
    const group = context.getStore()
    return group?.open ? group : undefined
  }

  async function runAlone<T>(work: () => Promise<T>): Promise<T> {
    const group: Group = { changes: new Map(), drafts: [], open: true }
    try {
      const result = await context.run(group, work)
      state.apply([...group.changes.values()], group.drafts)
      return result
    } finally {
      group.open = false
    }
  }

  return {
    run(work) {
      if (current()) return work()
      const result = tail.then(() => runAlone(work))
      tail = result.catch(() => {})
      return result
    },
    inside: () => current() !== undefined,
    get(type, id) {
      const changed = current()?.changes.get(`${type}/${id}`)
      return changed ? changed.value : state.get(type, id)
    },
    put(change) {
      const group = current()
      if (group) group.changes.set(`${change.type}/${change.id}`, change)
      else state.apply([change])
    },
    record(draft) {
      const group = current()
      if (group) group.drafts.push(draft)
      else state.apply([], [draft])
    },
  }
}
