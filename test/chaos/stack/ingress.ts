/** What stands before the API's replicas: takes turns, and passes over a replica that does not answer. */
import { createConnection, createServer, type Socket } from 'node:net'

export type Ingress = { readonly url: string; stop(): Promise<void> }

/** @param ports of the replicas on this machine */
export async function startIngress(ports: readonly number[]): Promise<Ingress> {
  const clients = new Set<Socket>()
  let turn = 0
  const server = createServer((client) => {
    clients.add(client)
    client.on('error', () => {})
    client.on('close', () => clients.delete(client))
    turn += 1
    connect(client, turn, ports.length)
  })

  function connect(client: Socket, index: number, left: number): void {
    const upstream = createConnection({ host: '127.0.0.1', port: ports[index % ports.length] ?? 0 })
    let connected = false
    upstream.on('error', () => {
      if (!connected && left > 1) connect(client, index + 1, left - 1)
      else client.destroy()
    })
    upstream.once('connect', () => {
      connected = true
      client.pipe(upstream)
      upstream.pipe(client)
      client.on('close', () => upstream.destroy())
      upstream.on('close', () => client.destroy())
    })
  }

  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the ingress has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    async stop() {
      for (const client of clients) client.destroy()
      await new Promise<void>((done) => server.close(() => done()))
    },
  }
}
