import { SOCKET_PATH, startSocketServer } from './connection/socket-server.ts'
import { createOperations } from './control/operations.ts'
import type { SimulatorOperations, Trust } from './control/types.ts'
import { startMediaServer } from './media/media-server.ts'
import { createTlsIdentity } from './media/self-signed.ts'
import type { Listener } from './net/listen.ts'
import { createTrustChain } from './noise/index.ts'
import { quietLibsignal } from './world/quiet-libsignal.ts'
import { createWorld, type WorldSettings } from './world/world.ts'

export interface SimulatorOptions {
  /** Port of the WebSocket; default 0, a free one. */
  port?: number
  /** Port of the control API; default 0, a free one. */
  controlPort?: number
  /** Address to bind; default 127.0.0.1. Nothing here authenticates anyone: keep it on loopback. */
  host?: string
  /** Where to keep everything between runs; absent means memory only. */
  stateFile?: string
  /** Answer to pre-key count queries; see {@link WorldSettings}. Default `stored`. */
  prekeyCount?: WorldSettings['prekeyCount']
  /** One line for each oddity. Default: nothing. */
  log?: (line: string) => void
}

export interface SimulatorAddresses {
  webSocketUrl: string
  controlUrl: string
  /** Plain-HTTP base of media downloads. */
  mediaUrl: string
  trust: Trust
}

export interface Simulator extends SimulatorOperations {
  start(): Promise<SimulatorAddresses>
  stop(): Promise<void>
}

/** Makes a WhatsApp server for machines. Nothing listens before start(); after stop() it can be started again. */
export const createSimulator = (options: SimulatorOptions = {}): Simulator => {
  quietLibsignal()
  const host = options.host ?? '127.0.0.1'
  const world = createWorld({ prekeyCount: options.prekeyCount ?? 'stored', log: options.log ?? (() => {}) })
  const chain = createTrustChain()
  const tls = createTlsIdentity()
  const listeners: Listener[] = []
  let webSocketUrl = ''

  const trust = (): Trust => ({
    rootPublicKey: Buffer.from(chain.rootPublicKey).toString('base64'),
    webSocketUrl,
    mediaCa: tls.cert,
  })
  const operations = createOperations({ world, trust, linksChanged: async () => {}, reset: async () => {} })

  return {
    ...operations,
    async start() {
      listeners.push(await startMediaServer(world, tls, host))
      const sockets = await startSocketServer({ world, chain, host, port: options.port ?? 0 })
      listeners.push(sockets)
      webSocketUrl = `ws://${host}:${sockets.port}${SOCKET_PATH}`
      return { webSocketUrl, controlUrl: '', mediaUrl: world.media.baseUrl, trust: trust() }
    },
    async stop() {
      world.timers.stop()
      for (const listener of listeners.splice(0).reverse()) await listener.stop()
    },
  }
}
