import { performance } from 'node:perf_hooks'

/** Below this share of use a commit starts at once. */
const BUSY = 0.8
const WINDOW_MS = 50

/** Whether the event loop had no time to spare in the last tenth of a second or so. */
export function createBusyGauge(): () => boolean {
  let before = performance.eventLoopUtilization()
  let measuredAt = performance.now()
  let busy = false
  return () => {
    const now = performance.now()
    if (now - measuredAt >= WINDOW_MS) {
      const present = performance.eventLoopUtilization()
      busy = performance.eventLoopUtilization(present, before).utilization > BUSY
      before = present
      measuredAt = now
    }
    return busy
  }
}

/** The share of the time since it was last asked in which the event loop was busy, 0 to 1. */
export function createBusyShare(): () => number {
  let before = performance.eventLoopUtilization()
  return () => {
    const present = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(present, before)
    before = present
    return utilization
  }
}
