/** A TCP proxy between two components that can be cut, held, slowed or left half-open. */
import { createConnection, createServer, type Socket } from 'node:net'
import { reset } from '@warren/runtime/testing'
import { createDelivery, type Delivery } from './delivery.ts'

/** What becomes of connections from now on. */
export type Mode =
  | { readonly kind: 'pass' }
  /** Each chunk later by this, in order. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Nothing arrives until the mode changes; then everything does, as after a stretch of lost packets. */
  | { readonly kind: 'hold' }
  /** New connections are reset. */
  | { readonly kind: 'refuse' }

export type TcpProxy = {
  readonly port: number
  set(mode: Mode): void
  /** Resets all connections. */
  cut(): void
  /** Open connections fall silent for good, as when a router forgot them; new ones are as ever. */
  forget(): void
  stop(): Promise<void>
}

/** Between the two sides of one connection: gets what one side sent and passes on what it likes. */
export type Tap = (side: { toServer(bytes: Buffer): void; toClient(bytes: Buffer): void }) => {
  fromClient(bytes: Buffer): void
  fromServer(bytes: Buffer): void
}

const straight: Tap = ({ toServer, toClient }) => ({ fromClient: toServer, fromServer: toClient })

type Link = {
  readonly client: Socket
  readonly server: Socket
  readonly ways: readonly Delivery[]
  deaf: boolean
}

/** @param target asked at each connection, since a restarted server may be elsewhere */
export async function startProxy(
  target: () => { readonly host: string; readonly port: number },
  tap: Tap = straight,
): Promise<TcpProxy> {
  const links = new Set<Link>()
  let mode: Mode = { kind: 'pass' }
  const listener = createServer((client) => {
    if (mode.kind === 'refuse') return reset(client)
    open(client)
  })

  function open(client: Socket): void {
    const server = createConnection(target())
    const ways = [createDelivery(server, mode), createDelivery(client, mode)] as const
    const link: Link = { client, server, ways, deaf: false }
    links.add(link)
    const { fromClient, fromServer } = tap({ toServer: ways[0].write, toClient: ways[1].write })
    client.on('data', (bytes) => link.deaf || fromClient(bytes))
    server.on('data', (bytes) => link.deaf || fromServer(bytes))
    for (const [one, other] of [
      [client, ways[0]],
      [server, ways[1]],
    ] as const) {
      one.setNoDelay(true)
      one.on('error', () => {})
      // A forgotten connection hears nothing of the other side's end either.
      one.on('end', () => link.deaf || other.end())
      one.on('close', () => {
        if (link.deaf && one === server) return
        links.delete(link)
        for (const way of ways) way.stop()
        client.destroy()
        server.destroy()
      })
    }
  }

  await new Promise<void>((done, failed) => {
    listener.once('error', failed)
    listener.listen(0, '127.0.0.1', done)
  })
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')

  function cut(): void {
    for (const { client, server } of links) {
      reset(client)
      reset(server)
    }
  }

  return {
    port: address.port,
    cut,
    set(next) {
      mode = next
      for (const { ways } of links) for (const way of ways) way.set(next)
      if (next.kind === 'refuse') cut()
    },
    forget() {
      for (const link of links) link.deaf = true
    },
    async stop() {
      cut()
      await new Promise<void>((done) => listener.close(() => done()))
    },
  }
}
