import { SOCKET_PATH, startSocketServer } from './connection/socket-server.ts'
import { startControlServer } from './control/control-server.ts'
import { createOperations } from './control/operations.ts'
import type { SimulatorOperations, Trust } from './control/types.ts'
import { type MediaPorts, startMediaServer } from './media/media-server.ts'
import { coversHost, createTlsIdentity } from './media/self-signed.ts'
import type { Listener } from './net/listen.ts'
import { createTrustChain } from './noise/index.ts'
import { quietLibsignal } from './world/quiet-libsignal.ts'
import { readSnapshot, restoreSnapshot, takeSnapshot, writeSnapshot } from './world/snapshot.ts'
import { clearWorld, createWorld, type WorldSettings } from './world/world.ts'

export interface SimulatorOptions {
  /** Port of the WebSocket; default 0, a free one. */
  port?: number | undefined
  /** Port of the control API; default 0, a free one. */
  controlPort?: number | undefined
  /** Address to bind; default 127.0.0.1. Nothing here authenticates anyone: keep it on loopback or in a network of its own. */
  host?: string | undefined
  /**
   * Name or IPv4 address under which clients reach it, when that is not `host`: behind a Service, for one. Default `host`, and
   * 127.0.0.1 when that is every address.
   */
  publicHost?: string | undefined
  /** Ports of media over TLS and over plain HTTP; default free ones, the same again after a restart with a state file. */
  mediaPorts?: MediaPorts | undefined
  /**
   * Where to keep accounts, keys, queues, media and ledger between runs: read by start(), written by stop(), by
   * save(), and after every change of the links. Absent means memory only.
   */
  stateFile?: string | undefined
  /** Answer to pre-key count queries; see {@link WorldSettings}. Default `stored`. */
  prekeyCount?: WorldSettings['prekeyCount'] | undefined
  /** Gets one line for each oddity. Default: nobody does. */
  log?: ((line: string) => void) | undefined
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
  /** Writes the state file now; does nothing without one. */
  save(): Promise<void>
  /** Cuts every connection and writes the state file. A stopped simulator is not started again: make another. */
  stop(): Promise<void>
}

/** Makes a WhatsApp server for machines. Nothing listens before start(). */
export const createSimulator = (options: SimulatorOptions = {}): Simulator => {
  quietLibsignal()
  const { host = '127.0.0.1', port = 0, controlPort = 0, stateFile, log = () => {} } = options
  const publicHost = options.publicHost ?? (host === '0.0.0.0' ? '127.0.0.1' : host)
  const world = createWorld({ prekeyCount: options.prekeyCount ?? 'stored', log })
  const listeners: Listener[] = []
  let chain = createTrustChain()
  let tls = createTlsIdentity(options.publicHost)
  let mediaPorts = options.mediaPorts
  let webSocketUrl = ''
  let cutConnections = () => {}

  const trust = (): Trust => ({
    rootPublicKey: Buffer.from(chain.rootPublicKey).toString('base64'),
    webSocketUrl,
    mediaCa: tls.cert,
  })
  const save = async () => {
    if (stateFile)
      await writeSnapshot(stateFile, takeSnapshot(world, { chain: chain.state, tls, mediaPorts }))
  }
  const restore = async () => {
    const snapshot = stateFile && (await readSnapshot(stateFile))
    if (!snapshot) return
    chain = createTrustChain(snapshot.identity.chain)
    if (coversHost(snapshot.identity.tls, publicHost)) tls = snapshot.identity.tls
    mediaPorts ??= snapshot.identity.mediaPorts
    restoreSnapshot(world, snapshot)
  }
  const reset = async () => {
    cutConnections()
    clearWorld(world)
  }
  const operations = createOperations({ world, trust, linksChanged: save, reset })

  return {
    ...operations,
    save,
    async start() {
      await restore()
      const media = await startMediaServer(world, tls, { host, publicHost }, mediaPorts)
      mediaPorts = media.ports
      listeners.push(media)
      const sockets = await startSocketServer({ world, chain, host, port })
      cutConnections = sockets.cutConnections
      listeners.push(sockets)
      webSocketUrl = `ws://${publicHost}:${sockets.port}${SOCKET_PATH}`
      const control = await startControlServer(operations, { host, port: controlPort, log })
      listeners.push(control)
      return {
        webSocketUrl,
        controlUrl: `http://${publicHost}:${control.port}`,
        mediaUrl: world.media.baseUrl,
        trust: trust(),
      }
    },
    async stop() {
      world.timers.stop()
      for (const listener of listeners.splice(0).reverse()) await listener.stop()
      // What was acknowledged must be in the ledger: let the phones finish opening it.
      await world.lane.run(() => {})
      await save()
    },
  }
}
