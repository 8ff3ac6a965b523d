import { systemClock } from '@warren/runtime/clock'

const EVERY_MS = 150

/** Looks until there is something, or the time is up (undefined). Ends with the signal's reason when aborted. */
export async function waitFor<T>(
  look: () => Promise<T | undefined>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<T | undefined> {
  const deadline = systemClock.monotonicMs() + timeoutMs
  for (;;) {
    const found = await look()
    if (found !== undefined || systemClock.monotonicMs() > deadline) return found
    await systemClock.sleep(EVERY_MS, signal)
  }
}
