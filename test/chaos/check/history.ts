/**
 * At most one holder, as history shows it: the log of a session is one sequence of commits, so if ever two processes had written at the
 * same time, their commits would interleave in it. Pure.
 */

/** A document of the log. */
export type Commit = {
  /** Place in the log. */
  readonly n: number
  readonly epoch: number
  readonly holder: string
  /** With this commit the holder took over. */
  readonly takeover?: boolean
  /** Highest number of the journal entries in it. */
  readonly seq?: number
}

/**
 * What contradicts a history of holders that came one after the other; empty when nothing does. Commits may be missing where the log was
 * folded, takeovers never.
 *
 * @param commits in any order
 */
export function contradictions(commits: readonly Commit[]): string[] {
  const problems: string[] = []
  const byPlace = [...commits].sort((a, b) => a.n - b.n)
  const holders = new Map<number, string>()
  let before: Commit | undefined
  let seq = 0
  for (const commit of byPlace) {
    const { n, epoch, holder } = commit
    if (before && n === before.n)
      problems.push(`place ${n} is taken twice, by ${before.holder} and ${holder}`)
    if (before && epoch < before.epoch)
      problems.push(`at ${n} epoch ${epoch} (${holder}) wrote after epoch ${before.epoch} (${before.holder})`)
    const known = holders.get(epoch)
    if (known === undefined) {
      holders.set(epoch, holder)
      if (!commit.takeover)
        problems.push(`epoch ${epoch} (${holder}) wrote at ${n} without having taken over`)
    } else {
      if (known !== holder) problems.push(`epoch ${epoch} has two holders, ${known} and ${holder}`)
      if (commit.takeover) problems.push(`epoch ${epoch} (${holder}) took over twice, again at ${n}`)
    }
    if (commit.seq !== undefined) {
      if (commit.seq <= seq) problems.push(`the journal goes back from ${seq} to ${commit.seq} at ${n}`)
      seq = Math.max(seq, commit.seq)
    }
    before = commit
  }
  return problems
}
