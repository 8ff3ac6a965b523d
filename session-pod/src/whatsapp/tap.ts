import type { BinaryNode } from './baileys.ts'

/** What a listener may return to keep a stanza from Baileys. */
export const SWALLOW = Symbol('swallow')

type Emitter = { emit(event: string, ...args: unknown[]): boolean }
type Listener = (stanza: BinaryNode) => unknown

/**
 * Hears stanzas before Baileys does, in the same call: what a listener puts into the state is ahead of every acknowledgement that
 * Baileys sends for the stanza. Baileys looks `emit` up at each call, and no frame can arrive before this returns.
 *
 * @param listeners by Baileys' event name, e.g. `CB:message`
 * @param onError a listener threw; Baileys gets the stanza all the same
 */
export function tapStanzas(
  emitter: Emitter,
  listeners: Readonly<Record<string, Listener>>,
  onError: (error: unknown) => void,
): void {
  const byEvent = new Map(Object.entries(listeners))
  const emit = emitter.emit
  emitter.emit = function (this: Emitter, event, ...args) {
    const listener = byEvent.get(event)
    if (listener) {
      try {
        if (listener(args[0] as BinaryNode) === SWALLOW) return true
      } catch (error) {
        onError(error)
      }
    }
    return emit.call(this, event, ...args)
  }
}
