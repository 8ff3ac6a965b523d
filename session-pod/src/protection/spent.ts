/**
 * When the messages of the last day went, in the session's own state: sealed and fenced like the rest, and written in the very commit
 * that lets a message leave, so that a kill -9 or a fail-over forgets none and counts none that did not go.
 */
import type { Change, SessionState } from '../store/state.ts'
import { DAY_MS } from './windows.ts'

const TYPE = 'sendTime'

export type Spent = {
  /** Milliseconds since 1970, ascending. */
  times(): readonly number[]
  /** Counts one more: the change belongs into the step that accepts the message. */
  spend(nowMs: number): Change
  /** Brings times from the future to now, after the wall clock was set back: else they would count for longer than their window. */
  settle(nowMs: number): Change[]
  /** Forgets all: another account was linked. */
  clear(): Change[]
}

export function createSpent(state: Pick<SessionState, 'all'>): Spent {
  /** Made on first use: the state is loaded after this is wired. `slots` are the ids of the records, in the order of `times`. */
  let loaded: { times: number[]; slots: string[]; next: number } | undefined

  function records() {
    if (loaded) return loaded
    const rows = ([...state.all(TYPE)] as [string, number][]).sort(([, a], [, b]) => a - b)
    loaded = {
      times: rows.map(([, at]) => at),
      slots: rows.map(([slot]) => slot),
      next: Math.max(0, ...rows.map(([slot]) => Number(slot) + 1)),
    }
    return loaded
  }

  return {
    times: () => records().times,
    spend(nowMs) {
      const all = records()
      const at = Math.max(nowMs, all.times.at(-1) ?? nowMs)
      // A record that no window reaches any more is written over: there are never more than a day's.
      const free = (all.times[0] ?? at) <= nowMs - DAY_MS ? all.slots.shift() : undefined
      if (free !== undefined) all.times.shift()
      const slot = free ?? String(all.next++)
      all.times.push(at)
      all.slots.push(slot)
      return { type: TYPE, id: slot, value: at }
    },
    settle(nowMs) {
      const { times, slots } = records()
      if ((times.at(-1) ?? nowMs) <= nowMs) return []
      return slots.flatMap((id, i): Change[] => {
        if ((times[i] ?? 0) <= nowMs) return []
        times[i] = nowMs
        return [{ type: TYPE, id, value: nowMs }]
      })
    },
    clear() {
      const { slots } = records()
      loaded = { times: [], slots: [], next: 0 }
      return slots.map((id) => ({ type: TYPE, id, value: undefined }))
    },
  }
}
