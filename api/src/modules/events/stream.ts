/**
 * The events of an organisation or instance for one client: journaled ones of an instance strictly in order, each once, without a gap,
 * however they were published. What the bus lost, reordered or told before the client came is read from the journal. SSE and Socket.IO
 * are two outlets of this.
 */
import { type InstanceId, journalEnvelope, sessionKeyOf } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { Logger } from '@warren/runtime/logger'
import type { SessionReader } from '@warren/runtime/session-store'
import type { EventHub, Listener } from './hub.ts'
import { type PublicEvent, presentEvent } from './present.ts'
import { decodeVector, encodeVector, tagOf } from './vector.ts'

/** Where a stream's events go. */
export type Outlet = {
  /** @param id where a later stream can go on; absent for live events. Empty `event`: only the id is told. */
  send(event: PublicEvent | undefined, id?: string): void
  /** Resolves when the client has taken most of what was sent: a replay is paced by it. */
  drained(): Promise<void>
  /** The stream cannot go on; the client should come back with its last id. */
  fail(error: unknown): void
}

export type StreamRequest = {
  readonly organization: string
  /** Only this instance. */
  readonly instance?: InstanceId
  readonly lastEventId?: string
}

export type EventStream = { close(): void }

export type OpenStream = (request: StreamRequest, outlet: Outlet) => Promise<EventStream>

/** Where the stream is in one journal. */
type Position = {
  readonly tag: string
  /** The last entry that was sent. */
  seq: number
  /** The last entry that is known to exist. */
  wanted: number
  reading: boolean
}

const BATCH = 200
/** A published entry is durable, but a read may be a moment behind. */
const REREAD_MS = 20
const REREADS = 50

export function createOpenStream(deps: {
  hub: EventHub
  sessions: Pick<SessionReader, 'journal' | 'head'>
  instancesOf: (organization: string) => Promise<readonly InstanceId[]>
  clock: Clock
  logger: Logger
}): OpenStream {
  const { hub, sessions, instancesOf, clock, logger } = deps

  return async ({ organization, instance: only, lastEventId }, outlet) => {
    const resume = lastEventId === undefined ? undefined : decodeVector(lastEventId)
    const positions = new Map<InstanceId, Position>()
    let ready = false
    let closed = false

    const keyOf = (instance: InstanceId) => sessionKeyOf({ organization, instance })
    /** Places in journals whose instances are not there now; they may come back. */
    const absent = new Map(resume)

    const vector = () =>
      encodeVector([...absent, ...Array.from(positions.values(), ({ tag, seq }) => [tag, seq] as const)])

    function positionOf(instance: InstanceId): Position {
      const known = positions.get(instance)
      if (known) return known
      const tag = tagOf(instance)
      // Of an instance that was never there before, everything is new.
      const position = { tag, seq: absent.get(tag) ?? 0, wanted: 0, reading: false }
      absent.delete(tag)
      positions.set(instance, position)
      return position
    }

    function deliver(position: Position, event: PublicEvent, seq: number): void {
      position.seq = seq
      outlet.send(event, vector())
    }

    async function readOn(instance: InstanceId, position: Position): Promise<void> {
      for (let rereads = 0; !closed; ) {
        const entries = await sessions.journal(keyOf(instance), position.seq, BATCH)
        for (const entry of entries) {
          if (closed) return
          if (entry.seq <= position.seq) continue
          const envelope = journalEnvelope({ organization, instance, epoch: entry.epoch }, entry)
          deliver(position, presentEvent(envelope), entry.seq)
          await outlet.drained()
        }
        if (entries.length === BATCH) continue
        if (position.seq >= position.wanted) return
        if (++rereads > REREADS) {
          logger.warn('the journal ends before an entry that was announced', { instance, seq: position.seq })
          position.wanted = position.seq
          return
        }
        await clock.sleep(REREAD_MS)
      }
    }

    function catchUp(instance: InstanceId, position: Position): void {
      if (position.reading || closed) return
      position.reading = true
      readOn(instance, position).then(
        () => {
          position.reading = false
        },
        (error) => {
          if (!closed) outlet.fail(error)
        },
      )
    }

    const listener: Listener = {
      onEvent(event) {
        const { instance, seq } = event
        if (only !== undefined && instance !== only) return
        if (seq === undefined) return outlet.send(event)
        const position = positionOf(instance)
        position.wanted = Math.max(position.wanted, seq)
        if (!ready || position.reading) return
        if (seq === position.seq + 1) deliver(position, event, seq)
        else if (seq > position.seq) catchUp(instance, position)
      },
      onHead(instance, seq) {
        if (only !== undefined && instance !== only) return
        const position = positionOf(instance)
        position.wanted = Math.max(position.wanted, seq)
        if (ready && position.seq < position.wanted) catchUp(instance, position)
      },
    }

    const { detach } = await hub.attach(organization, listener)
    const close = () => {
      closed = true
      detach()
    }
    try {
      const instances = only === undefined ? await instancesOf(organization) : [only]
      await Promise.all(
        instances.map(async (instance) => {
          const head = await sessions.head(keyOf(instance))
          const position = positionOf(instance)
          const last = resume ? position.seq : head
          position.seq = Math.min(last, head)
          position.wanted = Math.max(position.wanted, head)
        }),
      )
    } catch (error) {
      close()
      throw error
    }
    ready = true
    outlet.send(undefined, vector())
    for (const [instance, position] of positions)
      if (position.seq < position.wanted) catchUp(instance, position)
    return { close }
  }
}
