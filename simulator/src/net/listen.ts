import { once } from 'node:events'
import type { Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server that listens. */
export interface Listener {
  port: number
  /** Stops listening and cuts every connection. */
  stop(): Promise<void>
}

/** Starts an HTTP or HTTPS server; rejects when the port is taken. Port 0 takes a free one. */
export const listen = async (
  server: Pick<HttpServer, 'listen' | 'once' | 'close' | 'address' | 'closeAllConnections'>,
  host: string,
  port: number,
): Promise<Listener> => {
  server.listen(port, host)
  await once(server as HttpServer, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
