/** The HTTP server of the web role: listens, and stops without cutting off requests that are under way. */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Clock } from '@warren/runtime/clock'

export type WebServer = {
  readonly server: Server
  start(): Promise<void>
  /** Accepts nothing more, waits for requests under way (at most `graceMs`), then closes what is left. */
  stop(graceMs: number): Promise<void>
  /** `http://host:port` of this process; valid between start and stop. */
  address(): string
}

export function createWebServer(
  listener: RequestListener,
  { host, port, clock }: { host: string; port: number; clock: Clock },
): WebServer {
  const server = createServer(
    { keepAliveTimeout: 65_000, headersTimeout: 66_000, requestTimeout: 300_000 },
    listener,
  )
  let listening = false
  // Clients open connections in advance. One that never had a request does not count as idle for Node, and would be waited for.
  const unused = new Set<Socket>()
  server.on('connection', (socket) => {
    unused.add(socket)
    socket.once('close', () => unused.delete(socket))
  })
  server.on('request', (request) => unused.delete(request.socket))
  return {
    server,
    async start() {
      server.listen(port, host)
      await once(server, 'listening')
      listening = true
    },
    async stop(graceMs) {
      if (!listening) return
      listening = false
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      for (const socket of unused) socket.destroy()
      const timer = clock.setTimer(graceMs, () => server.closeAllConnections())
      await closed
      timer.stop()
    },
    address() {
      const { port: actual } = server.address() as AddressInfo
      const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
      return `http://${shown.includes(':') ? `[${shown}]` : shown}:${actual}`
    },
  }
}
