/** Follows the logs while they are written, because folding removes commits that hold no journal entry. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Stack } from '../stack/stack.ts'
import { type Commit, contradictions } from './history.ts'

export type HistoryWatch = {
  /** Ends it; resolves with the contradictions of all sessions and the number of commits that were looked at. */
  finish(): Promise<{ readonly problems: string[]; readonly commits: number; readonly epochs: number }>
}

const POLL_MS = 1_000
const DIGITS = 12

export function watchHistory(stack: Stack): HistoryWatch {
  const seen = new Map(stack.sessions.map((session) => [session, new Map<string, Commit>()]))
  const overwritten: string[] = []
  let over = false

  async function look(whole: boolean): Promise<void> {
    for (const [session, commits] of seen) {
      const last = whole ? undefined : [...commits.keys()].at(-1)
      for (const { _id, epoch, holder, takeover, seq } of await stack.log(session, last)) {
        const before = commits.get(_id)
        if (before && (before.epoch !== epoch || before.holder !== holder))
          overwritten.push(`${_id} was ${before.holder}'s and became ${holder}'s`)
        commits.set(_id, {
          ...{ n: Number(_id.slice(-DIGITS)), epoch, holder },
          ...(takeover ? { takeover } : {}),
          ...(seq === undefined ? {} : { seq }),
        })
      }
    }
  }

  const running = (async () => {
    while (!over) {
      await look(false).catch(() => {})
      await delay(POLL_MS)
    }
  })()

  return {
    async finish() {
      over = true
      await running
      await look(true)
      const all = [...seen.entries()]
      const problems = all.flatMap(([{ instance }, commits]) =>
        contradictions([...commits.values()]).map((problem) => `${instance}: ${problem}`),
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
