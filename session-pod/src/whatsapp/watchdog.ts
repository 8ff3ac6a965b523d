/** Notices a connection that is open and deaf: TCP tells of a dead peer after minutes only. */
import type { Clock } from '@warren/runtime/clock'

export type Watchdog = {
  /** Something came in. */
  heard(): void
  stop(): void
}

const LOOK_EVERY_MS = 2_000
/** Looks at which nothing had come in: 22 to 24 s, which leaves time for a new connection within 30 s. */
const SILENT_LOOKS = 12

/**
 * Looks are counted and not milliseconds: a process that was stopped for a while has frames waiting that it did not read yet.
 * @param onSilent nothing was heard for 22 to 24 s; called once
 */
export function createWatchdog(clock: Clock, onSilent: () => void): Watchdog {
  let looks = 0
  const timer = clock.setInterval(LOOK_EVERY_MS, () => {
    looks += 1
    if (looks < SILENT_LOOKS) return
    timer.stop()
    onSilent()
  })
  return {
    heard() {
      looks = 0
    },
    stop: timer.stop,
  }
}

type Closable = {
  close(code?: number, reason?: string | Buffer): void
  terminate(): void
  once(event: 'close', listener: () => void): unknown
}

/** Bounds `close` of a WebSocket, which waits 30 s for the answer of a peer that may be gone; Baileys reports no end before. */
export function boundClose(raw: Closable, clock: Clock, afterMs: number): void {
  const close = raw.close.bind(raw)
  raw.close = (code, reason) => {
    const timer = clock.setTimer(afterMs, () => raw.terminate())
    raw.once('close', timer.stop)
    close(code, reason)
  }
}
