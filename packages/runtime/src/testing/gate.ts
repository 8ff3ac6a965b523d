import { once } from 'node:events'
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net'
import { reset } from './reset.ts'

/** Stands between a client and a server of TCP, and can cut every connection. */
export type Gate = {
  /** Where to connect instead, on the loopback interface. */
  readonly port: number
  /** Resets all connections; new ones get through. */
  cut(): void
  /** Resets all connections, and every new one until {@link open}. */
  shut(): void
  open(): void
  stop(): Promise<void>
}

export type GateOptions = {
  /** Told of each connection that is asked for, also of those that are reset. */
  readonly onAttempt?: () => void
  /** How long what the client writes is on its way, in milliseconds; what is on its way when the client ends does not arrive. */
  readonly delayMs?: number
}

export async function startGate(
  target: { readonly hostname: string; readonly port: string },
  { onAttempt = () => {}, delayMs }: GateOptions = {},
): Promise<Gate> {
  const sockets = new Set<Socket>()
  let isOpen = true
  const cut = () => {
    for (const socket of sockets) reset(socket)
  }
  const server = createServer((near) => {
    onAttempt()
    near.on('error', () => {})
    if (!isOpen) return reset(near)
    const far = createConnection(Number(target.port), target.hostname)
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      // Every chunk waits as long, so they stay in order.
      if (delayMs !== undefined && socket === near)
        near.on('data', (chunk) => setTimeout(() => far.write(chunk), delayMs))
      else socket.pipe(other)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    shut() {
      isOpen = false
      cut()
    },
    open() {
      isOpen = true
    },
    async stop() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
