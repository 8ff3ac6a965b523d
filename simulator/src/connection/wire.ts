import type { WebSocket } from 'ws'
import type { ClientFinish } from '../noise/index.ts'
import {
  createFrameReader,
  createHandshake,
  encodeFrame,
  type Transport,
  type TrustChain,
} from '../noise/index.ts'
import { type BinaryNode, decodeNode, encodeNode } from '../protocol/node.ts'
import type { World } from '../world/world.ts'
import { createDelayLine } from './delay-line.ts'

/** What a connection is for, known after the handshake: a registration or a session. */
export interface Role {
  receive(node: BinaryNode): void
  closed(): void
}

/** One client connection after the handshake: nodes instead of bytes, with the account's faults applied. */
export interface Wire {
  /** False when the node was swallowed by `silence` or the socket is closed. */
  send(node: BinaryNode): boolean
  /** A frame that no client can decrypt. */
  sendGarbage(): void
  /** A clean WebSocket close, behind everything already sent. */
  close(): void
  /** A TCP reset, at once. */
  terminate(): void
  /** From now on the faults of this account apply. */
  belongsTo(number: string): void
}

export interface WireOptions {
  world: World
  chain: TrustChain
  /** Called once, when the client has said who it is. Must return its role. */
  identify(client: Omit<ClientFinish, 'transport'>, wire: Wire): Role
}

/** Runs one WebSocket until it closes. A client that breaks the protocol is disconnected. */
export const runWire = (socket: WebSocket, { world, chain, identify }: WireOptions): void => {
  const reader = createFrameReader()
  const handshake = createHandshake(chain)
  let transport: Transport | undefined
  let role: Role | undefined
  let helloSeen = false
  let number: string | undefined

  const faults = () => world.faults.effective(number)
  const outgoing = createDelayLine(() => faults().latency?.outMs ?? 0)
  const incoming = createDelayLine(() => faults().latency?.inMs ?? 0)

  const write = (bytes: Uint8Array) => {
    if (socket.readyState === socket.OPEN) socket.send(bytes, { binary: true })
  }

  const wire: Wire = {
    send(node) {
      if (faults().silence || socket.readyState !== socket.OPEN) return false
      // Encrypted when it leaves, not when it is queued: the Noise counter follows the wire.
      outgoing.push(() => transport && write(encodeFrame(transport.encrypt(encodeNode(node)))))
      return true
    },
    sendGarbage: () => outgoing.push(() => write(encodeFrame(Buffer.alloc(48, 0xaa)))),
    close: () => outgoing.push(() => socket.close()),
    terminate: () => socket.terminate(),
    belongsTo: (account) => {
      number = account
    },
  }

  const receiveFrame = (frame: Buffer) => {
    if (transport) {
      const node = decodeNode(transport.decrypt(frame))
      // Decrypted even under silence, so that the counter is right when it ends.
      if (!faults().silence) role?.receive(node)
    } else if (!helloSeen) {
      helloSeen = true
      if (!faults().silence) write(encodeFrame(handshake.serverHello(frame)))
    } else {
      const { transport: established, ...client } = handshake.finish(frame)
      transport = established
      role = identify(client, wire)
    }
  }

  socket.on('message', (data) => {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as ArrayBuffer)
    incoming.push(() => {
      try {
        for (const frame of reader.push(bytes)) receiveFrame(frame)
      } catch (error) {
        world.settings.log(`connection broken: ${String(error)}`)
        socket.terminate()
      }
    })
  })
  socket.on('error', () => socket.terminate())
  socket.on('close', () => {
    outgoing.stop()
    incoming.stop()
    role?.closed()
  })
}
