/** Notices a connection that is open and deaf: TCP tells of a dead peer after minutes only. */
import type { Clock } from '@warren/runtime/clock'

export type Watchdog = {
  /** Something came in. */
  heard(): void
  stop(): void
}

/** Baileys pings each 30 s: a connection that lives has frames more often than this. */
const SILENCE_MS = 50_000
const LOOK_EVERY_MS = 5_000

/** @param onSilent nothing was heard for 50 to 55 s by the monotonic clock; called once */
export function createWatchdog(clock: Clock, onSilent: () => void): Watchdog {
  let heardMs = clock.monotonicMs()
  const timer = clock.setInterval(LOOK_EVERY_MS, () => {
    if (clock.monotonicMs() - heardMs < SILENCE_MS) return
    timer.stop()
    onSilent()
  })
  return {
    heard() {
      heardMs = clock.monotonicMs()
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
