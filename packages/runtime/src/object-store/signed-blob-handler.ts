import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { attachment, type ByteRange, type ObjectStore, ObjectStoreError } from './object-store.ts'
import type { SignedUrl, UrlSigner } from './url-signer.ts'

/**
 * Serves the URLs that a folder store signs: GET and HEAD with one range, PUT of exactly what was signed. `request.url` must be
 * the part below the signer's base URL, as Express gives it to what is mounted there. It needs no other authentication. It ends
 * each response and never rejects.
 */
export function createSignedBlobHandler({ store, signer }: { store: ObjectStore; signer: UrlSigner }) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const method = request.method === 'HEAD' ? 'GET' : request.method
    if (method !== 'GET' && method !== 'PUT') {
      response.setHeader('allow', 'GET, HEAD, PUT')
      return end(response, 405)
    }
    const verified = signer.verify(method, request.url ?? '/')
    if (typeof verified === 'string') return end(response, verified === 'malformed' ? 400 : 403)
    try {
      if (method === 'GET') await serve(store, verified, request, response)
      else await receive(store, verified, request, response)
    } catch (error) {
      // Once the head is out only a cut connection tells the reader that something is missing.
      if (response.headersSent) response.destroy()
      else end(response, statusOf(error))
    }
  }
}

async function serve(store: ObjectStore, url: SignedUrl, request: IncomingMessage, response: ServerResponse) {
  const info = await store.stat(url.key)
  if (!info) return end(response, 404)
  const range = parseRange(request.headers.range, info.size)
  if (range) {
    response.statusCode = 206
    response.setHeader('content-range', `bytes ${range.start}-${range.end}/${info.size}`)
  }
  response.setHeader('content-length', range ? range.end - range.start + 1 : info.size)
  response.setHeader('content-type', url.params.type ?? info.contentType)
  response.setHeader('accept-ranges', 'bytes')
  response.setHeader('cache-control', 'private, max-age=0')
  // What tenants upload must not become a page or a script of this origin.
  response.setHeader('content-security-policy', "default-src 'none'; sandbox")
  response.setHeader('x-content-type-options', 'nosniff')
  if (url.params.filename) response.setHeader('content-disposition', attachment(url.params.filename))
  if (request.method === 'HEAD') return void response.end()
  const { stream } = await store.get(url.key, range ? { range } : {})
  await pipeline(stream, response)
}

async function receive(
  store: ObjectStore,
  url: SignedUrl,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const { type: contentType = '', bytes } = url.params
  const size = Number(bytes)
  if (request.headers['content-type'] !== contentType) return end(response, 415)
  // Node lets no more than content-length through; without it (chunked) the store would count only in the end.
  if (Number(request.headers['content-length'] ?? Number.NaN) !== size) return end(response, 413)
  await store.put(url.key, request, { contentType, size })
  end(response, 200)
}

/** One range of bytes (RFC 9110, 14.1.2). Several ranges, and what cannot be read, count as none, as the RFC allows. */
function parseRange(header: string | undefined, size: number): Required<ByteRange> | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (!match || (!match[1] && !match[2])) return undefined
  const start = match[1] ? Number(match[1]) : Math.max(0, size - Number(match[2]))
  const end = match[1] && match[2] ? Math.min(Number(match[2]), size - 1) : size - 1
  if (start > end) throw new ObjectStoreError('invalid_range', `no bytes ${header} among ${size}`)
  return { start, end }
}

function statusOf(error: unknown): number {
  if (!(error instanceof ObjectStoreError)) return 500
  return { not_found: 404, invalid_key: 400, invalid_range: 416, size_mismatch: 400 }[error.code]
}

function end(response: ServerResponse, status: number): void {
  response.statusCode = status
  // The rest of a refused upload is not read.
  if (status >= 400) response.setHeader('connection', 'close')
  response.end()
}
