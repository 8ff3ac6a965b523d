/** An instance as its organisation's plan sees it. */
export type Place = {
  readonly uid: string
  /** ISO time. */
  readonly creationTimestamp: string
  /** Its session runs, or was told to. Such a place is never taken away, also when the plan becomes smaller. */
  readonly holds: boolean
}

/**
 * Which instances of one organisation may run. Those that do, keep their places; what is left goes to the oldest.
 * @param limit how many instances the plan allows, 0 or more
 * @returns uids
 */
export function admittedOf(places: Iterable<Place>, limit: number): ReadonlySet<string> {
  const all = [...places]
  const holders = all.filter(({ holds }) => holds)
  const left = Math.max(0, limit - holders.length)
  const next = all
    .filter(({ holds }) => !holds)
    .sort(byAge)
    .slice(0, left)
  return new Set([...holders, ...next].map(({ uid }) => uid))
}

/** Times of the API server have whole seconds; the uid decides between equals, so that all replicas agree. */
function byAge(a: Place, b: Place): number {
  return Date.parse(a.creationTimestamp) - Date.parse(b.creationTimestamp) || (a.uid < b.uid ? -1 : 1)
}
