import type { EventEnvelope, SessionStatus } from '@warren/contracts'

/** A text as a caller asks for it: `to` is a phone number or the JID of a person or group. */
export type TextToSend = { readonly to: string; readonly text: string }

/** What of a session the control listener shows and does. */
export type ControlTarget = {
  readonly instance: string
  readonly organization: string
  readonly epoch: number
  status(): SessionStatus
  /** Runs a command of the contract. @throws WarrenError */
  run(call: { readonly command: string; readonly request: unknown }): Promise<unknown>
  /**
   * Accepts a message: when it resolves, the message survives any crash. Sending follows.
   * @param idempotencyKey the same key gives the same message id, so that a repeated request cannot send twice
   */
  send(message: TextToSend, idempotencyKey?: string): Promise<{ id: string; to: string }>
  /** Calls with each event from now on. @returns what ends it */
  onEvent(listener: (event: EventEnvelope) => void): () => void
}
