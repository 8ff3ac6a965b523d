/** Follows the logs while they are written, because folding removes commits that hold no journal entry. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Stack } from '../stack/stack.ts'
import { type Commit, contradictions } from './history.ts'

export type HistoryWatch = {
  /** Ends it; resolves with the contradictions of all sessions and the number of commits that were looked at. */
  finish(): Promise<{ readonly problems: string[]; readonly commits: number; readonly epochs: number }>
}

const POLL_MS = 15_000
const PLACE = /^(.*)\/(\d+)$/

export function watchHistory(stack: Pick<Stack, 'log'>): HistoryWatch {
  const seen = new Map<string, Map<number, Commit>>()
  const overwritten: string[] = []
  const stopping = new AbortController()

  async function look(): Promise<void> {
    for (const { _id, epoch, holder, takeover, seq } of await stack.log()) {
      const [, session = '', place] = PLACE.exec(_id) ?? []
      const commits = seen.get(session) ?? new Map<number, Commit>()
      seen.set(session, commits)
      const n = Number(place)
      const before = commits.get(n)
      if (before && (before.epoch !== epoch || before.holder !== holder))
        overwritten.push(`${_id} was ${before.holder}'s and became ${holder}'s`)
      commits.set(n, {
        ...{ n, epoch, holder },
        ...(takeover ? { takeover } : {}),
        ...(seq === undefined ? {} : { seq }),
      })
    }
  }

  const running = (async () => {
    while (!stopping.signal.aborted) {
      await look().catch(() => {})
      await delay(POLL_MS, undefined, { signal: stopping.signal }).catch(() => {})
    }
  })()

  return {
    async finish() {
      stopping.abort()
      await running
      await look()
      const all = [...seen.entries()]
      const problems = all.flatMap(([session, commits]) =>
        contradictions([...commits.values()]).map((problem) => `${session}: ${problem}`),
      )
      return {
        problems: [...overwritten, ...problems],
        commits: all.reduce((sum, [, commits]) => sum + commits.size, 0),
        epochs: all.reduce(
          (sum, [, commits]) => sum + new Set([...commits.values()].map((c) => c.epoch)).size,
          0,
        ),
      }
    },
  }
}
