/** The live copy: what is durable goes out on Redis at once. Losing it costs time only; the journal is the truth. */
import {
  CHANNELS,
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
}

export function createLive(options: { bus: Bus; origin: EventOrigin; clock: Clock; ids: Ids }): Live {
  const { bus, origin, clock, ids } = options
  const channel = CHANNELS.events(origin.organization)
  return {
    journaled(entries) {
      if (entries.length === 0) return
      for (const entry of entries) void bus.publish(channel, journalEnvelope(origin, entry))
      void bus.publish(CHANNELS.journal, sessionKeyOf(origin))
    },
    event(type, data) {
      void bus.publish(channel, liveEnvelope(origin, type, data, clock.now(), ids.newId()))
    },
    statusChanged() {
      void bus.publish(CHANNELS.sessions, sessionKeyOf(origin))
    },
  }
}
