/** The live copy: what is durable goes out on Redis at once. Losing it costs time only; the journal is the truth. */
import {
  CHANNELS,
  type EventEnvelope,
  type EventMap,
  type EventOrigin,
  type JournalEntry,
  journalEnvelope,
  type LiveEvents,
  liveEnvelope,
  sessionKeyOf,
} from '@warren/contracts'
import type { Bus } from '@warren/runtime/bus'
import type { Clock } from '@warren/runtime/clock'
import type { Ids } from '@warren/runtime/ids'

export type Live = {
  /** Entries that are durable now. */
  journaled(entries: readonly JournalEntry[]): void
  event<T extends keyof LiveEvents>(type: T, data: EventMap[T]): void
  /** The session document changed. */
  statusChanged(): void
  /** Calls with each event from now on, also while Redis is away. @returns what ends it */
  onEvent(listener: (event: EventEnvelope) => void): () => void
}

export function createLive(options: { bus: Bus; origin: EventOrigin; clock: Clock; ids: Ids }): Live {
  const { bus, origin, clock, ids } = options
  const channel = CHANNELS.events(origin.organization)
  const listeners = new Set<(event: EventEnvelope) => void>()

  function tell(event: EventEnvelope): void {
    void bus.publish(channel, event)
    for (const listener of listeners) listener(event)
  }

  return {
    journaled(entries) {
      if (entries.length === 0) return
      for (const entry of entries) tell(journalEnvelope(origin, entry))
      void bus.publish(CHANNELS.journal, sessionKeyOf(origin))
    },
    event(type, data) {
      tell(liveEnvelope(origin, type, data, clock.now(), ids.newId()) as EventEnvelope)
    },
    statusChanged() {
      void bus.publish(CHANNELS.sessions, sessionKeyOf(origin))
    },
    onEvent(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
