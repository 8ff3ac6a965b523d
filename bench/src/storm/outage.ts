/** The simulator behind a gate: shut, it resets every connection to WhatsApp, and it remembers when somebody tried. */
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { startGate } from '@warren/runtime/testing'
import type { Simulator } from '@warren/simulator'

export type SimulatorGate = {
  /** What a session takes for the simulator's control URL. */
  readonly controlUrl: string
  /** When connections were asked for since the last `shut`, by `performance.now()`. */
  readonly attempts: readonly number[]
  /** Resets all connections, and new ones until it is opened. */
  shut(): void
  open(): void
  stop(): Promise<void>
}

export async function gateOf(simulator: Simulator): Promise<SimulatorGate> {
  const trust = await simulator.trust()
  const whatsapp = new URL(trust.webSocketUrl)
  let attempts: number[] = []
  const gate = await startGate(whatsapp, {
    onAttempt: () => void attempts.push(performance.now()),
  })
  const webSocketUrl = Object.assign(new URL(whatsapp), { port: String(gate.port) }).href
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
      attempts = []
      gate.shut()
    },
    open: gate.open,
    async stop() {
      control.closeAllConnections()
      await Promise.all([gate.stop(), new Promise((done) => control.close(done))])
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
