/** Server-sent events of one session: what happens from now on, each in the envelope that all streams share. */
import type { ServerResponse } from 'node:http'
import type { EventEnvelope } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { ControlTarget } from './target.ts'

/** A forwarded port dies silently; both ends notice by these. */
const HEARTBEAT_MS = 15_000
/** A reader that is this far behind is cut off: the session's memory is small. */
const MAX_UNSENT_BYTES = 512 * 1024

export function streamEvents(response: ServerResponse, session: ControlTarget, clock: Clock): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' })
  const write = (text: string) => {
    if (response.destroyed) return
    response.write(text)
    if (response.writableLength > MAX_UNSENT_BYTES) response.destroy()
  }
  write(': open\n\n')
  const end = session.onEvent((event) => write(frame(event)))
  const heartbeat = clock.setInterval(HEARTBEAT_MS, () => write(': heartbeat\n\n'))
  response.once('close', () => {
    heartbeat.stop()
    end()
  })
}

/** Passing events have no id: they cannot be asked for again. */
function frame(event: EventEnvelope): string {
  const id = event.seq === undefined ? '' : `id: ${event.id}\n`
  return `${id}event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}
