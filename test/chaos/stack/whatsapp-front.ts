/** WhatsApp as one session sees it: the simulator behind a proxy of its own. */
import { createServer } from 'node:http'
import type { SimulatorOperations } from '@warren/simulator'
import { startProxy, type TcpProxy } from './proxy.ts'

export type WhatsAppFront = {
  /** What the session takes for the simulator's control URL. */
  readonly url: string
  readonly proxy: TcpProxy
  stop(): Promise<void>
}

export async function startWhatsAppFront(
  simulator: SimulatorOperations,
  whatsapp: { readonly host: string; readonly port: number },
): Promise<WhatsAppFront> {
  const proxy = await startProxy(() => whatsapp)
  const server = createServer(async (_request, response) => {
    const trust = await simulator.trust()
    const url = new URL(trust.webSocketUrl)
    url.port = String(proxy.port)
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ ...trust, webSocketUrl: url.toString() }))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the front has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    proxy,
    async stop() {
      server.closeAllConnections()
      await new Promise<void>((done) => server.close(() => done()))
      await proxy.stop()
    },
  }
}
