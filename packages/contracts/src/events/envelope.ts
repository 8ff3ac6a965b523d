/** How an event travels: the journal's entry at rest, a CloudEvents-shaped envelope everywhere else. */
import {
  EVENTS_VERSION,
  type EventMap,
  type EventType,
  type JournalEvents,
  type JournalEventType,
} from './catalogue.ts'

/** One entry of an instance's journal. `seq` counts from 1 without gaps, because there is one writer. */
export type JournalEntry<T extends JournalEventType = JournalEventType> = {
  [K in T]: { readonly seq: number; readonly type: K; readonly at: Date; readonly data: JournalEvents[K] }
}[T]

/** What an envelope's JSON looks like: every date is an ISO 8601 string. */
export type Jsonify<V> = V extends Date
  ? string
  : V extends readonly (infer U)[]
    ? Jsonify<U>[]
    : V extends object
      ? { [K in keyof V]: Jsonify<V[K]> }
      : V

/** CloudEvents 1.0 with three extension attributes: `organization`, `epoch` and, for journaled events, `seq`. */
export type EventEnvelope<T extends EventType = EventType> = {
  [K in T]: {
    readonly specversion: '1.0'
    /** `<instance>:<seq>` for journaled events, so a consumer recognises a repeated one; unique text for live ones. */
    readonly id: string
    readonly source: string
    readonly type: K
    readonly time: string
    readonly dataschema: string
    readonly organization: string
    readonly instance: string
    readonly epoch: number
    readonly seq?: number
    readonly data: Jsonify<EventMap[K]>
  }
}[T]

/** Who speaks: fixed for the life of a holder. */
export type EventOrigin = { readonly organization: string; readonly instance: string; readonly epoch: number }

/** The envelope of a journal entry. */
export function journalEnvelope(origin: EventOrigin, entry: JournalEntry): EventEnvelope<JournalEventType> {
  return envelope(origin, entry.type, entry.data, entry.at, `${origin.instance}:${entry.seq}`, entry.seq)
}

/**
 * The envelope of a live event.
 * @param id unique text, since live events have no `seq`
 */
export function liveEnvelope<T extends EventType>(
  origin: EventOrigin,
  type: T,
  data: EventMap[T],
  at: Date,
  id: string,
): EventEnvelope<T> {
  return envelope(origin, type, data, at, `${origin.instance}:live:${id}`)
}

function envelope<T extends EventType>(
  origin: EventOrigin,
  type: T,
  data: EventMap[T],
  at: Date,
  id: string,
  seq?: number,
): EventEnvelope<T> {
  return {
    specversion: '1.0',
    id,
    source: `/instances/${origin.instance}`,
    type,
    time: at.toISOString(),
    dataschema: `https://warren.dev/events/v${EVENTS_VERSION}/${type}`,
    organization: origin.organization,
    instance: origin.instance,
    epoch: origin.epoch,
    ...(seq === undefined ? {} : { seq }),
    data: JSON.parse(JSON.stringify(data)),
  } as EventEnvelope<T>
}
