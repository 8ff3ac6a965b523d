/**
 * Whether WhatsApp kept something back. A stanza that is delivered at login, as one that waited, although the connection before was alive
 * when it was sent, should have come on that connection: it was open and deaf.
 */
import type { Clock } from '@warren/runtime/clock'

/** What is needed of a stanza. */
export type HeardStanza = {
  readonly tag: string
  readonly attrs: Readonly<Record<string, string | undefined>>
}

export type Heard = 'now' | 'keptBack' | 'waited'

export type Hearing = {
  /** A login succeeded. @param serverSeconds WhatsApp's time at that moment, since 1970 */
  opened(serverSeconds: number): void
  /**
   * Anything came in: the connection is alive.
   * @param isOpen whether it is logged in: what the next one says before that is no sign of life of the last one
   */
  frame(isOpen: boolean): void
  /** A message or a receipt came in. */
  stanza(stanza: HeardStanza): Heard
}

/** A connection in WhatsApp's time. `skewMs` is that time less the monotonic clock's, which no change of the wall clock moves. */
type Span = { readonly skewMs: number; readonly fromMs: number; untilMs: number }

/** WhatsApp's times are whole seconds, and a stanza takes a moment. */
const GRACE_MS = 3_000
/** Stanzas that came in and may come again, because our receipt was lost. */
const REMEMBERED = 2_000

export function createHearing(clock: Pick<Clock, 'monotonicMs'>): Hearing {
  let before: Span | undefined
  let present: Span | undefined
  const known = new Set<string>()

  function remember({ tag, attrs }: HeardStanza): boolean {
    const key = `${tag} ${attrs.id} ${attrs.type} ${attrs.participant ?? attrs.from}`
    if (known.has(key)) return true
    known.add(key)
    if (known.size > REMEMBERED)
      for (const first of known) {
        known.delete(first)
        break
      }
    return false
  }

  return {
    opened(serverSeconds) {
      before = present
      // Without WhatsApp's time nothing can be told of this connection.
      const fromMs = serverSeconds > 0 ? serverSeconds * 1000 : Number.NaN
      present = { skewMs: fromMs - clock.monotonicMs(), fromMs, untilMs: fromMs }
    },
    frame(isOpen) {
      if (present && isOpen) present.untilMs = clock.monotonicMs() + present.skewMs
    },
    stanza(stanza) {
      const again = remember(stanza)
      if (stanza.attrs.offline === undefined) return 'now'
      const sentMs = Number(stanza.attrs.t) * 1000
      const wasOpen = before && sentMs > before.fromMs + GRACE_MS && sentMs < before.untilMs - GRACE_MS
      return wasOpen && !again ? 'keptBack' : 'waited'
    },
  }
}
