/** A crash at the first try may be an accident and is answered at once; a second one is answered like Kubernetes does. */
const FIRST_MS = 10
const SECOND_MS = 1_000
/** As the kubelet's `maxContainerRestartPeriod`, five minutes unless told. */
export const LONGEST_RESTART_MS = 300_000

/** A run that lasted this long starts the count anew. */
export const STABLE_AFTER_MS = 600_000

/**
 * Milliseconds before the next start: 10 ms, 1 s, 2 s, 4 s, … `longestMs`.
 * @param crashes ends in a row without a stable run between them, 1 or more
 */
export function restartDelayMs(crashes: number, longestMs = LONGEST_RESTART_MS): number {
  return crashes <= 1 ? FIRST_MS : Math.min(SECOND_MS * 2 ** (crashes - 2), longestMs)
}
