/**
 * Order of what arrives. Baileys begins with each frame and with each message at once, so that what it has to look up for one of them lets
 * the next overtake; messages that were kept for us even have a queue of their own beside those that arrive now.
 */
import type { Clock } from '@warren/runtime/clock'
import type { BinaryNode, Socket } from './baileys.ts'

type Handler<T> = (argument: T) => Promise<unknown>

/** Takes over Baileys' only listener of an event. */
function takeOver<T>(socket: Socket, event: string): Handler<T> {
  const [handler, ...others] = socket.ws.listeners(event) as Handler<T>[]
  if (!handler || others.length > 0)
    throw new Error(`Baileys does not listen to ${event} as it did: is this another version?`)
  socket.ws.removeAllListeners(event)
  return handler
}

/**
 * Baileys decodes each WebSocket message asynchronously and lets a failure go unhandled: messages are decoded one after the other here,
 * and one that does not decrypt ends the connection.
 */
export function readFramesInOrder(socket: Socket, fail: (error: unknown) => void): void {
  const read = takeOver<unknown>(socket, 'message')
  let tail: Promise<unknown> = Promise.resolve()
  socket.ws.on('message', (data: unknown) => {
    tail = tail.then(() => read(data)).catch(fail)
  })
}

export type Handling = {
  /** When the work on the present message began, on the monotonic clock; undefined while there is none. */
  sinceMs(): number | undefined
}

/**
 * Each message is decrypted, and so journaled, before the next one is looked at. What waits when the connection ends is left: WhatsApp
 * delivers it again.
 */
export function handleMessagesInOrder(
  socket: Socket,
  isOver: () => boolean,
  clock: Pick<Clock, 'monotonicMs'>,
): Handling {
  const handle = takeOver<BinaryNode>(socket, 'CB:message')
  let tail: Promise<unknown> = Promise.resolve()
  let sinceMs: number | undefined

  async function next(stanza: BinaryNode): Promise<void> {
    if (isOver()) return
    sinceMs = clock.monotonicMs()
    // Baileys tells of errors itself.
    await handle(stanza).catch(() => {})
    sinceMs = undefined
  }

  socket.ws.on('CB:message', (stanza: BinaryNode) => {
    // With the attribute Baileys would put it into its other queue; it means nothing else to it that we use.
    const { offline: _kept, ...attrs } = stanza.attrs
    tail = tail.then(() => next({ ...stanza, attrs }))
  })
  return { sinceMs: () => sinceMs }
}
