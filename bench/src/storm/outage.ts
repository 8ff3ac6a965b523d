/** The simulator behind a gate: shut, it resets every connection to WhatsApp, and it remembers when somebody tried. */
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Simulator } from '@warren/simulator'

export type Gate = {
  /** What a session takes for the simulator's control URL. */
  readonly controlUrl: string
  /** When connections were asked for since the last `shut`, by `performance.now()`. */
  readonly attempts: readonly number[]
  /** Resets all connections, and new ones until it is opened. */
  shut(): void
  open(): void
  stop(): Promise<void>
}

export async function startGate(simulator: Simulator): Promise<Gate> {
  const trust = await simulator.trust()
  const whatsapp = new URL(trust.webSocketUrl)
  const sockets = new Set<Socket>()
  let attempts: number[] = []
  let isOpen = true

  const gate = createServer((client) => {
    attempts.push(performance.now())
    if (!isOpen) return client.resetAndDestroy()
    const server = connect(Number(whatsapp.port), whatsapp.hostname)
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one)
      one.pipe(other)
      one.on('error', () => {})
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
  })
  const gatePort = await listen(gate)
  const webSocketUrl = Object.assign(new URL(whatsapp), { port: String(gatePort) }).href
  const control = createHttpServer((_request, response) => {
    response.end(JSON.stringify({ ...trust, webSocketUrl }))
  })
  const controlPort = await listen(control)

  return {
    controlUrl: `http://127.0.0.1:${controlPort}`,
    get attempts() {
      return attempts
    },
    shut() {
      isOpen = false
      attempts = []
      for (const socket of sockets) socket.resetAndDestroy()
    },
    open() {
      isOpen = true
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      control.closeAllConnections()
      await Promise.all([gate, control].map((one) => new Promise((done) => one.close(done))))
    },
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

/** The most of these moments, in milliseconds, that lie within any one second. */
export function busiestSecond(moments: readonly number[]): number {
  const sorted = moments.toSorted((a, b) => a - b)
  let from = 0
  let most = 0
  for (const [index, at] of sorted.entries()) {
    while ((sorted[from] ?? at) <= at - 1000) from += 1
    most = Math.max(most, index - from + 1)
  }
  return most
}
