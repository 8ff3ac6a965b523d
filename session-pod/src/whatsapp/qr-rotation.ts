/**
 * Shows the QRs of a connection one after the other. Baileys would do so too, but goes on after a phone has answered, and ends the
 * connection when its QRs are used up while a person still looks for the passkey.
 */
import type { Clock, Timer } from '@warren/runtime/clock'
import { qrLifetimeMs } from './pairing.ts'

export type QrRotation = {
  /** Draws the present QR again: the secret in it has changed. */
  redraw(): void
  /** A phone has answered, or the connection is gone. */
  stop(): void
}

export function createQrRotation(options: {
  readonly refs: readonly string[]
  readonly draw: (ref: string) => string
  readonly clock: Clock
  readonly onQr: (qr: string, expiresAt: Date) => void
  readonly onUsedUp: () => void
}): QrRotation {
  const { refs, draw, clock, onQr, onUsedUp } = options
  let current: { ref: string; expiresAt: Date } | undefined
  let timer: Timer | undefined

  function show(index: number): void {
    const ref = refs[index]
    if (ref === undefined) {
      current = undefined
      onUsedUp()
      return
    }
    const lifetimeMs = qrLifetimeMs(index)
    current = { ref, expiresAt: new Date(clock.now().getTime() + lifetimeMs) }
    timer = clock.setTimer(lifetimeMs, () => show(index + 1))
    redraw()
  }

  function redraw(): void {
    if (current) onQr(draw(current.ref), current.expiresAt)
  }

  show(0)
  return {
    redraw,
    stop() {
      timer?.stop()
      current = undefined
    },
  }
}
