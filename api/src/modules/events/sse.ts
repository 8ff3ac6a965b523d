/** Server-sent events: one response that does not end. */
import type { ErrorCode } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { Response } from 'express'
import type { Principal } from '../../http/index.ts'
import { toWarrenError } from '../../http/problem.ts'
import { endsStream, type StreamClients } from './clients.ts'
import type { OpenStream, Outlet, StreamRequest } from './stream.ts'

/** Who listens, and whether it still may. */
export type SseListener = { readonly principal: Principal; readonly stillAllowed: () => Promise<unknown> }

export type SseServer = {
  /** Answers with the stream and resolves when it is open. @throws what opening throws, before anything is sent */
  serve(request: StreamRequest, res: Response, listener: SseListener): Promise<void>
  /** Ends all streams with a hint when to come back. */
  stop(): void
}

const RETRY_MS = 2_000
/** After a stop all clients come back at once; they are asked to spread. */
const RETURN_SPREAD_MS = 3_000

export function createSseServer(deps: {
  open: OpenStream
  streams: StreamClients
  heartbeatSeconds: number
  /** Unsent bytes after which a slow client is disconnected. It comes back with its last id and loses nothing. */
  bufferBytes: number
  onCount?: (clients: number) => void
  clock: Clock
}): SseServer {
  const { open, streams, heartbeatSeconds, bufferBytes, onCount, clock } = deps
  const clients = new Set<() => void>()

  async function serve(request: StreamRequest, res: Response, { principal, stillAllowed }: SseListener) {
    let begun = false
    const early: string[] = []
    const write = (text: string) => {
      if (!begun) return void early.push(text)
      if (res.writableEnded || res.destroyed) return
      res.write(text)
      if (res.writableLength > bufferBytes) res.destroy()
    }
    const outlet: Outlet = {
      send: (event, id) => write(frame(event, id)),
      drained: () => drained(res),
      fail: () => res.destroy(),
    }
    /** The client learns why, so that it does not come back with a token that will be refused. */
    const endBecause = (code: ErrorCode) => {
      write(`event: end\ndata: ${JSON.stringify({ code })}\n\n`)
      if (begun) res.end()
      else res.destroy()
    }
    const release = streams.add(principal, endBecause)
    res.once('close', release)
    const stream = await open(request, outlet).catch((error) => {
      release()
      throw error
    })
    if (res.destroyed) return stream.close()

    res.status(200).set({
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
    })
    if (res.req.method === 'HEAD') {
      stream.close()
      return void res.end()
    }
    res.flushHeaders()
    begun = true
    write(`retry: ${RETRY_MS}\n\n${early.join('')}`)

    const heartbeat = clock.setInterval(heartbeatSeconds * 1000, () => {
      write(': heartbeat\n\n')
      // A token that ended, or was revoked, does not go on reading.
      stillAllowed().catch((thrown) => {
        const { code } = toWarrenError(thrown)
        if (endsStream(code)) endBecause(code)
      })
    })
    const end = () => {
      write(`retry: ${RETRY_MS + Math.floor(Math.random() * RETURN_SPREAD_MS)}\n\n`)
      res.end()
    }
    clients.add(end)
    onCount?.(clients.size)
    res.once('close', () => {
      heartbeat.stop()
      stream.close()
      clients.delete(end)
      onCount?.(clients.size)
    })
  }

  return {
    serve,
    stop() {
      for (const end of clients) end()
    },
  }
}

function frame(event: { type: string; json: string } | undefined, id: string | undefined): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`
  return event ? `${idLine}event: ${event.type}\ndata: ${event.json}\n\n` : `${idLine}\n`
}

/** Resolves when the socket takes more, or is gone. */
function drained(res: Response): Promise<void> {
  if (!res.writableNeedDrain || res.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      res.off('drain', done)
      res.off('close', done)
      resolve()
    }
    res.on('drain', done)
    res.on('close', done)
  })
}
