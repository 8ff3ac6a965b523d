/** What ends a subscription; `stop()` is idempotent. */
export type Subscription = {
  /** Resolves when messages sent from now on arrive here, which is when Redis is reached, or on `stop()`. Never rejects. */
  readonly ready: Promise<void>
  stop(): void
}

export type CallOptions = {
  /** After which the call fails with `timeout`. */
  timeoutMs: number
  /** Repeat a call under the same id to be sure that it is not done twice by the same responder. */
  id?: string
}

export type BusStats = {
  connected: boolean
  published: number
  /** Messages that were not handed to Redis, because it was away or too slow. */
  dropped: number
  received: number
  /** How often the connection came back after it had been lost. */
  resyncs: number
}

/**
 * News between processes. Nothing on it is the only copy of anything: it may lose messages whenever Redis vanishes, so every
 * consumer can also read the truth elsewhere, and does so in `onResynced`. No method throws or waits because Redis is away,
 * and nothing is queued meanwhile but the names of wake-ups.
 */
export type Bus = {
  /** Begins to connect; resolves when connected, or after two seconds without, and goes on trying. */
  start(): Promise<void>
  /** Ends all subscriptions and connections; calls under way fail with `offline`. */
  stop(): Promise<void>
  connected(): boolean
  stats(): BusStats
  /** Called after each return of the connection, when all subscriptions are in place again. */
  onResynced(listener: () => void): { stop(): void }

  /** Sends a JSON value to whoever is subscribed now. Resolves to false when it was not handed over; never rejects. */
  publish(channel: string, message: unknown): Promise<boolean>
  /** Messages arrive in the order in which one publisher sent them. What the listener throws is logged. */
  subscribe(channel: string, listener: (message: unknown) => unknown): Subscription

  /**
   * Asks whoever serves `responder` and resolves to the answer.
   *
   * @throws BusCallError with kind `no-responder` (at once), `timeout`, `offline`, or `remote` with the responder's error.
   */
  call(responder: string, request: unknown, options: CallOptions): Promise<unknown>
  /**
   * Answers calls. An error with a `code` reaches the caller as `code`, `message` and `details`; any other is logged here
   * and reaches it as `internal`. A call id seen among the last 1,000 is answered again and not handled again.
   */
  serve(responder: string, handler: (request: unknown, callId: string) => unknown): Subscription

  /** Tells that something changed under this name. Remembered while Redis is away (up to 10,000 names). */
  wake(name: string): void
  /**
   * Calls `listener` after each wake-up, and once whenever the subscription comes into place, since a wake-up may have been
   * missed before. It never runs twice at a time; wake-ups during a run become one more run.
   */
  onWake(name: string, listener: () => unknown): Subscription
}

/** Why a call has no answer. */
export class BusCallError extends Error {
  override name = 'BusCallError'
  /** `remote` is the responder's own error; the others leave open, except `no-responder`, whether it was done. */
  readonly kind: 'no-responder' | 'timeout' | 'offline' | 'remote'
  /** For `remote` the code that the responder gave, else the kind. */
  readonly code: string
  readonly details: unknown

  constructor(kind: BusCallError['kind'], message: string, remote?: { code: string; details?: unknown }) {
    super(message)
    this.kind = kind
    this.code = remote?.code ?? kind
    this.details = remote?.details
  }
}
