import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Server } from 'node:net'
import { type Listener, listen } from '../net/listen.ts'
import type { World } from '../world/world.ts'
import type { TlsIdentity } from './self-signed.ts'

const MAX_UPLOAD_BYTES = 100 * 1024 * 1024

const readBody = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > MAX_UPLOAD_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const end = (
  response: ServerResponse,
  status: number,
  body?: string | Uint8Array,
  type = 'application/json',
) => {
  response.writeHead(status, { 'content-type': type })
  response.end(body)
}

/** Uploads land under the digest of their bytes, whatever the client called them; downloads name that digest. */
const handler =
  (world: World): RequestListener =>
  async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    if (request.method === 'POST' && pathname.startsWith('/mms/')) {
      const file = await readBody(request)
      if (!file) return end(response, 413)
      const directPath = `/media/${world.media.put(file)}`
      return end(
        response,
        200,
        JSON.stringify({ url: `https://${world.media.uploadHost}${directPath}`, direct_path: directPath }),
      )
    }
    const key = pathname.startsWith('/media/') ? pathname.slice('/media/'.length) : ''
    const file = request.method === 'GET' ? world.media.get(key) : undefined
    return file ? end(response, 200, file, 'application/octet-stream') : end(response, 404)
  }

/** The media endpoints' ports: messages carry them, so they should stay the same over a restart. */
export interface MediaPorts {
  secure: number
  plain: number
}

export interface MediaServer extends Listener {
  ports: MediaPorts
}

/** The media endpoints: TLS for uploads and downloads as clients insist on, plain HTTP for downloads by URL. */
export const startMediaServer = async (
  world: World,
  tls: TlsIdentity,
  { host, publicHost }: { host: string; publicHost: string },
  wanted: MediaPorts = { secure: 0, plain: 0 },
): Promise<MediaServer> => {
  const noted = <S extends Server>(server: S): S =>
    server.on('connection', ({ remoteAddress }) => {
      if (remoteAddress) world.clientAddresses.add(remoteAddress)
    })
  const secure = await listen(noted(createTlsServer(tls, handler(world))), host, wanted.secure)
  const plain = await listen(noted(createServer(handler(world))), host, wanted.plain)
  world.media.uploadHost = `${publicHost}:${secure.port}`
  world.media.baseUrl = `http://${publicHost}:${plain.port}`
  return {
    port: plain.port,
    ports: { secure: secure.port, plain: plain.port },
    async stop() {
      await Promise.all([secure.stop(), plain.stop()])
    },
  }
}
