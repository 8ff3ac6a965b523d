import type { Clock, Timer } from './clock.ts'
import { sleepOn } from './sleep-on.ts'

function setTimer(ms: number, fn: () => void): Timer {
  const handle = setTimeout(fn, ms)
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
