import type { Clock, Timer } from './clock.ts'
import { sleepOn } from './sleep-on.ts'

/** The longest that `setTimeout` can wait, 24.8 days; it fires at once when told to wait longer. */
const MAX_MS = 2 ** 31 - 1

/** A longer time is waited for in stages. */
function setTimer(ms: number, fn: () => void): Timer {
  const wait = (leftMs: number): NodeJS.Timeout =>
    leftMs <= MAX_MS
      ? setTimeout(fn, leftMs)
      : setTimeout(() => {
          handle = wait(leftMs - MAX_MS)
        }, MAX_MS)
  let handle = wait(ms)
  return { stop: () => clearTimeout(handle) }
}

/** The clock of the operating system. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: sleepOn(setTimer),
  setTimer,
  setInterval(ms, fn) {
    const handle = setInterval(fn, ms)
    return { stop: () => clearInterval(handle) }
  },
}
