import { createServer, STATUS_CODES } from 'node:http'
import { WebSocketServer } from 'ws'
import { type Listener, listen } from '../net/listen.ts'
import type { TrustChain } from '../noise/index.ts'
import type { World } from '../world/world.ts'
import { identifyClient } from './identify.ts'
import { runWire } from './wire.ts'

/** Path of the real server; any path is accepted. */
export const SOCKET_PATH = '/ws/chat'

export interface SocketServerOptions {
  world: World
  chain: TrustChain
  host: string
  port: number
}

export interface SocketServer extends Listener {
  /** Resets every connection; new ones are welcome. */
  cutConnections(): void
}

/** The WebSocket that clients connect to, with the faults that strike before a client has said who it is. */
export const startSocketServer = async (options: SocketServerOptions): Promise<SocketServer> => {
  const { world, chain, host, port } = options
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  const identify = identifyClient(world)
  sockets.on('connection', (socket) => runWire(socket, { world, chain, identify }))

  const server = createServer((_request, response) => {
    response.writeHead(426, { connection: 'close' }).end('this is a WebSocket server\n')
  })
  server.on('connection', (socket) => {
    if (socket.remoteAddress) world.clientAddresses.add(socket.remoteAddress)
    if (world.faults.effective().refuseConnections) socket.resetAndDestroy()
  })
  server.on('upgrade', (request, socket, head) => {
    const { upgradeStatus } = world.faults.effective()
    if (upgradeStatus !== undefined) {
      const reason = STATUS_CODES[upgradeStatus] ?? 'Fault'
      socket.end(`HTTP/1.1 ${upgradeStatus} ${reason}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
      return
    }
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request))
  })

  const cutConnections = () => {
    for (const client of sockets.clients) client.terminate()
  }
  const listener = await listen(server, host, port)
  return {
    port: listener.port,
    cutConnections,
    async stop() {
      cutConnections()
      await listener.stop()
    },
  }
}
