/** What happens on a transport; given at its start. */
export type TransportEvents = {
  message(channel: string, text: string): void
  /** Connected, and all subscriptions are in place. */
  up(): void
  down(): void
}

/** The little that differs between Redis and memory: text on channels, which comes and goes. */
export type Transport = {
  start(events: TransportEvents): Promise<void>
  stop(): Promise<void>
  /** How many received it; undefined when it was not handed over. Never rejects. */
  publish(channel: string, text: string): Promise<number | undefined>
  /** Resolves when the subscription is in place, if need be after a reconnection. Never rejects. */
  subscribe(channel: string): Promise<void>
  unsubscribe(channel: string): void
}
