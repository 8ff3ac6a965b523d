/** Proxies on loopback. Each makes its connections from an address of its own, so that the target sees which one was used. */
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Cleanup } from '@warren/runtime/testing'

export type ProxyServer = {
  /** With user and password. */
  readonly url: string
  /** The address that targets see. */
  readonly from: string
  /** Where connections were asked to go, as `host:port`. */
  readonly targets: string[]
  /** Cuts every connection and takes no more. */
  stop(): Promise<void>
}

const USER = 'user'
/** With a character that a URL must escape. */
const PASSWORD = 's3cret@word'
const CREDENTIALS = `${USER}:${encodeURIComponent(PASSWORD)}`

/** @param from e.g. `127.0.0.2` */
export async function startHttpProxy(test: Cleanup, from: string): Promise<ProxyServer> {
  const targets: string[] = []
  const server = createHttpServer((_request, response) => response.writeHead(405).end())
  server.on('connect', (request, client: Socket) => {
    const expected = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`
    if (request.headers['proxy-authorization'] !== expected)
      return client.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n')
    targets.push(request.url ?? '')
    const { hostname, port } = new URL(`http://${request.url}`)
    tunnel(client, { host: hostname, port: Number(port), from }, () =>
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n'),
    )
  })
  return listening(test, server, 'http', from, targets)
}

/** RFC 1928 and 1929: CONNECT with user and password, to a name or an IPv4 address. */
export async function startSocksProxy(test: Cleanup, from: string): Promise<ProxyServer> {
  const targets: string[] = []
  const server = createServer(async (client) => {
    client.on('error', () => {})
    const read = reader(client)
    const [, methods = 0] = await read(2)
    await read(methods)
    client.write(Buffer.of(5, 2))
    const [, userLength = 0] = await read(2)
    const user = (await read(userLength)).toString()
    const [passwordLength = 0] = await read(1)
    const password = (await read(passwordLength)).toString()
    if (user !== USER || password !== PASSWORD) return client.end(Buffer.of(1, 1))
    client.write(Buffer.of(1, 0))
    const [, , , kind] = await read(4)
    const host =
      kind === 3 ? (await read((await read(1))[0] ?? 0)).toString() : [...(await read(4))].join('.')
    const port = (await read(2)).readUInt16BE()
    targets.push(`${host}:${port}`)
    read.release()
    tunnel(client, { host, port, from }, () => client.write(Buffer.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0)))
  })
  return listening(test, server, 'socks5', from, targets)
}

function tunnel(
  client: Socket,
  { host, port, from }: { host: string; port: number; from: string },
  onOpen: () => void,
): void {
  const target = connect({ host, port, localAddress: from }, () => {
    onOpen()
    target.pipe(client)
    client.pipe(target)
  })
  target.on('error', () => client.destroy())
  client.on('error', () => target.destroy())
  client.on('close', () => target.destroy())
  target.on('close', () => client.destroy())
}

async function listening(
  test: Cleanup,
  server: Server,
  scheme: string,
  from: string,
  targets: string[],
): Promise<ProxyServer> {
  const clients = new Set<Socket>()
  server.on('connection', (client) => {
    clients.add(client)
    client.on('close', () => clients.delete(client))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const stop = () =>
    new Promise<void>((resolve) => {
      if (!server.listening) return resolve()
      server.close(() => resolve())
      for (const client of clients) client.destroy()
    })
  test.after(stop)
  return { url: `${scheme}://${CREDENTIALS}@127.0.0.1:${port}`, from, targets, stop }
}

/** Reads an exact number of bytes; `release` leaves the rest to who pipes. */
function reader(socket: Socket) {
  const read = async (count: number): Promise<Buffer> => {
    if (count === 0) return Buffer.alloc(0)
    for (;;) {
      const bytes: Buffer | null = socket.read(count)
      if (bytes) return bytes
      await new Promise((resolve) => socket.once('readable', resolve))
    }
  }
  return Object.assign(read, { release: () => void socket.removeAllListeners('readable') })
}
