/** Gives memory back when the session has fallen quiet. */
import v8 from 'node:v8'
import type { Clock, Timer } from '@warren/runtime/clock'

const LOOK_MS = 4_000
/** Processor time over time; a connected session at rest needs less. */
const BUSY = 0.02
/** Looks in a row without anything before it is quiet. */
const QUIET_LOOKS = 2

export type TidyOptions = {
  readonly clock: Clock
  /** Processor time over time since it was last asked. */
  readonly busyShare: () => number
  /** Takes a tenth of a second, in which nothing else runs. */
  readonly collect: () => void
}

/** Collects once when what a start or a burst left is garbage, and not again until there was another. */
export function createTidy({ clock, busyShare, collect }: TidyOptions): { start(): void; stop(): void } {
  let looks: Timer | undefined
  let worth = true
  let quiet = 0

  function look(): void {
    if (busyShare() >= BUSY) {
      worth = true
      quiet = 0
      return
    }
    quiet += 1
    if (!worth || quiet < QUIET_LOOKS) return
    worth = false
    collect()
    // What the collection itself took is no work of the session.
    busyShare()
  }

  return {
    start() {
      looks = clock.setInterval(LOOK_MS, look)
    },
    stop() {
      looks?.stop()
    },
  }
}

/**
 * The most thorough collection there is, which also shrinks the young generation. Bytecode goes too, most of which only the start needed:
 * V8 flushes it by age otherwise, and at rest it would take hours to age.
 *
 * Does nothing unless the process was started with `--expose-gc`.
 */
export function collectAll(): void {
  v8.setFlagsFromString('--stress-flush-code')
  globalThis.gc?.({ type: 'major', flavor: 'last-resort', execution: 'sync' })
  v8.setFlagsFromString('--no-stress-flush-code')
}
