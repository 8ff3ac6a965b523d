import { DAY_MS, usedIn } from './windows.ts'

const SPAN_MS = 15 * 60_000
/** Fewer than this are no spike, whatever was before. */
const LEAST = 30
const TIMES = 5

/** Whether far more went out in the last quarter of an hour than in the quarters of the day before it. */
export function isSpike(spent: readonly number[], nowMs: number): boolean {
  const recent = usedIn(spent, SPAN_MS, nowMs)
  if (recent < LEAST) return false
  const before = usedIn(spent, DAY_MS, nowMs) - recent
  return recent >= TIMES * (before / (DAY_MS / SPAN_MS - 1))
}
