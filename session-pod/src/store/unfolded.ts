import type { EncodedChange } from './codec.ts'

/** A change that is durable in the log and not yet in the folded keys. */
export type Unfolded = EncodedChange & { readonly n: number }

/** The last change of each value since the last fold; also where archived values are found until then. */
export type UnfoldedChanges = {
  add(n: number, changes: readonly EncodedChange[]): void
  get(type: string, id: string): Unfolded | undefined
  /** What is there now, for a fold. */
  list(): Unfolded[]
  /** Forgets what was folded, unless it has changed since. */
  remove(folded: readonly Unfolded[]): void
}

export function createUnfolded(): UnfoldedChanges {
  const changes = new Map<string, Unfolded>()
  const keyOf = ({ type, id }: { type: string; id: string }) => `${type}/${id}`
  return {
    add(n, list) {
      for (const change of list) changes.set(keyOf(change), { ...change, n })
    },
    get: (type, id) => changes.get(keyOf({ type, id })),
    list: () => [...changes.values()],
    remove(folded) {
      for (const change of folded) if (changes.get(keyOf(change)) === change) changes.delete(keyOf(change))
    },
  }
}
