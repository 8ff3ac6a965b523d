/** Stands between a client and the API server, and can cut every connection. */
import { once } from 'node:events'
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net'
import type { Cleanup } from '@warren/runtime/testing'

export type Cutter = {
  /** Where to connect instead. */
  readonly url: string
  /** Resets all connections; new ones get through. */
  cut(): void
  /** Resets all connections, and every new one, until {@link release}. */
  hold(): void
  release(): void
}

export async function startCutter(file: Cleanup, target: string): Promise<Cutter> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let held = false
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  const server = createServer((near) => {
    near.on('error', () => {})
    if (held) return void near.resetAndDestroy()
    const far = createConnection(Number(port), hostname)
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.pipe(other)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  file.after(() => {
    server.close()
    cut()
  })
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    hold() {
      held = true
      cut()
    },
    release() {
      held = false
    },
  }
}
