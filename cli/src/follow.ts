/** Events of one instance for as long as somebody looks: over restarts of the session, of the API and of the way between. */
import { isWarrenError, WarrenError } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { SessionAccess, StreamedEvent } from './access/port.ts'

/** Why nothing can be read at present, in a sentence: what the connection says of itself is for machines. */
export function awaySentence(reason: Error): string {
  return isWarrenError(reason) ? reason.message.replace(/[^.!?…]$/, '$&.') : 'The connection was lost.'
}

/** A session's start takes seconds; asking once a second finds it soon and costs little. */
const PAUSE_MS = 1_000

/**
 * Yields `open` whenever the stream was opened, then its events. Ends only by throwing.
 * @param options.onAway called with the reason when nothing can be read at present; it is tried again
 * @throws what cannot pass by itself (no such instance, no rights, suspended); the signal's reason
 */
export async function* follow(
  access: SessionAccess,
  name: string,
  { signal, clock, onAway }: { signal: AbortSignal; clock: Clock; onAway: (reason: Error) => void },
): AsyncGenerator<'open' | StreamedEvent> {
  let after: string | undefined
  for (;;) {
    signal.throwIfAborted()
    try {
      const stream = await access.events(name, { signal, ...(after === undefined ? {} : { after }) })
      yield 'open'
      for await (const event of stream) {
        after = event.id ?? after
        yield event
      }
      onAway(new WarrenError('session_unavailable', 'The stream of events was closed.'))
    } catch (error) {
      signal.throwIfAborted()
      if (isWarrenError(error) && !error.retryable) throw error
      onAway(error as Error)
    }
    await clock.sleep(PAUSE_MS, signal)
  }
}
