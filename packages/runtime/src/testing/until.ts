import { setTimeout as delay } from 'node:timers/promises'

/** Slow machines are given more time: deadlines of tests are there to end what hangs, not to measure. */
const PATIENCE = Number(process.env.WARREN_TEST_PATIENCE ?? 1)

/**
 * Waits until `condition` returns something truthy and returns it. An exception counts as "not yet"; the last one is
 * the cause when time is up.
 *
 * @throws Error naming `describe` after `timeoutMs` (5 s unless told), times `WARREN_TEST_PATIENCE` where that is set.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  options: { timeoutMs?: number; everyMs?: number; describe?: string } = {},
): Promise<NonNullable<T>> {
  const { timeoutMs = 5_000, everyMs = 10, describe = 'the condition' } = options
  const deadline = performance.now() + timeoutMs * PATIENCE
  let cause: unknown
  for (;;) {
    try {
      const value = await condition()
      if (value) return value
      cause = undefined
    } catch (error) {
      cause = error
    }
    if (performance.now() > deadline)
      throw new Error(`${describe} did not come within ${timeoutMs * PATIENCE} ms`, { cause })
    await delay(everyMs)
  }
}
