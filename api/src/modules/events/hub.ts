/**
 * What the streams of one process share: one subscription an organisation, and a look at the journals' heads from time to time, since
 * the last event before a silence may have been lost with Redis.
 */
import { CHANNELS, EVENT_SCHEMAS, type EventEnvelope, type InstanceId, sessionKeyOf } from '@warren/contracts'
import type { Bus, Subscription } from '@warren/runtime/bus'
import type { Clock, Timer } from '@warren/runtime/clock'
import type { Logger } from '@warren/runtime/logger'
import type { SessionReader } from '@warren/runtime/session-store'
import { type PublicEvent, presentEvent } from './present.ts'

/** A stream, as the hub sees it. */
export type Listener = {
  onEvent(event: PublicEvent): void
  /** The journal of an instance is at least this far. */
  onHead(instance: InstanceId, seq: number): void
}

export type EventHub = {
  /** Resolves when events from now on arrive, or after two seconds without Redis. */
  attach(organization: string, listener: Listener): Promise<{ detach(): void }>
  start(): void
  stop(): void
  /** Looks at the heads now. */
  checkHeads(): Promise<void>
}

type Room = { readonly listeners: Set<Listener>; readonly subscription: Subscription }

const HEADS_MS = 5_000
const READY_MS = 2_000

export function createEventHub(deps: {
  bus: Pick<Bus, 'subscribe' | 'onResynced'>
  sessions: Pick<SessionReader, 'sessions'>
  instancesOf: (organization: string) => Promise<readonly InstanceId[]>
  clock: Clock
  logger: Logger
}): EventHub {
  const { bus, sessions, instancesOf, clock, logger } = deps
  const rooms = new Map<string, Room>()
  let timer: Timer | undefined
  let resynced: { stop(): void } | undefined

  function open(organization: string): Room {
    const listeners = new Set<Listener>()
    const subscription = bus.subscribe(CHANNELS.events(organization), (message) => {
      const event = readEvent(message, organization)
      if (!event) return logger.warn('an event that is none was dropped', { organization })
      for (const listener of listeners) listener.onEvent(event)
    })
    const room = { listeners, subscription }
    rooms.set(organization, room)
    return room
  }

  async function checkRoom(organization: string, { listeners }: Room): Promise<void> {
    const instances = await instancesOf(organization)
    const docs = await sessions.sessions(
      instances.map((instance) => sessionKeyOf({ organization, instance })),
    )
    for (const doc of docs) for (const listener of listeners) listener.onHead(doc.instance, doc.seq)
  }

  /** One after the other, and what fails for one organisation is its own matter. */
  async function checkHeads(): Promise<void> {
    for (const [organization, room] of [...rooms])
      await checkRoom(organization, room).catch((error) =>
        logger.warn('heads were not read', { error, organization }),
      )
  }

  const check = () => void checkHeads()

  return {
    checkHeads,
    async attach(organization, listener) {
      const room = rooms.get(organization) ?? open(organization)
      room.listeners.add(listener)
      const { promise: patience, resolve } = Promise.withResolvers<void>()
      const waiting = clock.setTimer(READY_MS, resolve)
      await Promise.race([room.subscription.ready, patience])
      waiting.stop()
      return {
        detach() {
          room.listeners.delete(listener)
          if (room.listeners.size > 0) return
          room.subscription.stop()
          if (rooms.get(organization) === room) rooms.delete(organization)
        },
      }
    },
    start() {
      timer = clock.setInterval(HEADS_MS, check)
      resynced = bus.onResynced(check)
    },
    stop() {
      timer?.stop()
      resynced?.stop()
      for (const { subscription } of rooms.values()) subscription.stop()
      rooms.clear()
    },
  }
}

/** An event of this organisation; undefined for anything else. */
function readEvent(message: unknown, organization: string): PublicEvent | undefined {
  const envelope = message as EventEnvelope
  if (typeof message !== 'object' || message === null || envelope.organization !== organization)
    return undefined
  if (!Object.hasOwn(EVENT_SCHEMAS, envelope.type)) return undefined
  const { error } = EVENT_SCHEMAS[envelope.type].unknown().validate(envelope.data)
  return error ? undefined : presentEvent(envelope)
}
