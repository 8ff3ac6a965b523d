import type { BinaryNode } from '@whiskeysockets/baileys'
import { deviceKey } from './address.ts'
import type { Companion, Subscriber } from './directory.ts'

/** Ways to end a connection from the server's side. */
export type EndEvent =
  | { event: 'deviceRemoved' }
  | { event: 'replaced' }
  | {
      event: 'streamError'
      code?: number | undefined
      /** Tag of the child, which says what is wrong. */
      child?: string | undefined
      attrs?: Record<string, string> | undefined
    }
  | { event: 'streamEnd' }
  | { event: 'close' }
  | { event: 'terminate' }
  | { event: 'downgrade' }
  | { event: 'garbage' }

/** A companion that is logged in. */
export interface Session {
  subscriber: Subscriber
  companion: Companion
  connectedAt: number
  lastFrameAt: number
  /** True once the client said `active`: stanzas go out at once, before that they wait in the queue. */
  active: boolean
  presence: 'available' | 'unavailable' | undefined
  /** How often the client showed that somebody types. */
  typed: number
  /** False when the frame was swallowed by a fault or the connection is gone. */
  send(node: BinaryNode): boolean
  end(event: EndEvent): void
}

/** At most one session per device. */
export interface Sessions {
  add(session: Session): void
  remove(session: Session): void
  of(subscriber: Subscriber, device: number): Session | undefined
  all(): Session[]
}

export const createSessions = (): Sessions => {
  const sessions = new Map<string, Session>()
  const key = (subscriber: Subscriber, device: number) => deviceKey({ number: subscriber.number, device })
  return {
    add: (session) => void sessions.set(key(session.subscriber, session.companion.device), session),
    remove(session) {
      const own = key(session.subscriber, session.companion.device)
      if (sessions.get(own) === session) sessions.delete(own)
    },
    of: (subscriber, device) => sessions.get(key(subscriber, device)),
    all: () => [...sessions.values()],
  }
}
