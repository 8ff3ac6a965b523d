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

/**
 * The processor time of this process since it was last asked, as a share of the time that passed: 0 to 1, more with several threads at work.
 * Unlike the use of the event loop it does not grow because others want the processor too.
 */
export function createBusyShare(): () => number {
  let cpu = process.cpuUsage()
  let at = performance.now()
  return () => {
    const used = process.cpuUsage(cpu)
    const now = performance.now()
    const share = (used.user + used.system) / 1000 / Math.max(now - at, 1)
    cpu = process.cpuUsage()
    at = now
    return share
  }
}
