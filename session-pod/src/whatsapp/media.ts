/** Images to and from WhatsApp's media servers; Baileys encrypts and decrypts. */
import { createDecipheriv, createHash } from 'node:crypto'
import { type Agent, type IncomingMessage, request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'
import { WarrenError } from '@warren/contracts'
import { getMediaKeys, prepareWAMessageMedia, proto, type Socket } from './baileys.ts'
import type { ImageMessage } from './content.ts'

/** More than WhatsApp's apps send as an image. */
const MAX_BYTES = 20 * 1024 * 1024
const UPLOAD_MS = 60_000
const DOWNLOAD_MS = 60_000
const MAC_BYTES = 10
/** Where a file is whose message has a path only. */
const MEDIA_HOST = 'mmg.whatsapp.net'

/** Which hosts media may come from: the address in a message is its sender's choice. */
export type HostRule = (host: string) => boolean

export const whatsAppHosts: HostRule = (host) => host === 'whatsapp.net' || host.endsWith('.whatsapp.net')

/** What a message says of a file of its own. */
export type MediaFile = Pick<ImageMessage, 'url' | 'directPath' | 'mediaKey' | 'fileSha256'>

/**
 * Fetches and decrypts what belongs to a received message.
 * @param kind Baileys' name of the kind, which its keys depend on
 * @param agentTo makes the connection, where it must not be made directly
 * @throws WarrenError `media_unavailable` when it is too large, from elsewhere, or not what the message said; else the error of the fetch,
 * after which another attempt makes sense
 */
export async function downloadMedia(
  file: MediaFile,
  kind: 'image' | 'md-msg-hist',
  allowed: HostRule,
  agentTo?: (place: URL) => Agent,
): Promise<Buffer> {
  const { mediaKey, fileSha256 } = file
  if (!mediaKey || fileSha256?.length !== 32)
    throw new WarrenError('media_unavailable', 'the message does not say what its file is')
  const { cipherKey, iv } = await getMediaKeys(mediaKey, kind)
  const encrypted = await fetchBounded(placeOf(file, allowed), agentTo)
  // A MAC of ten bytes follows the ciphertext; the digest below covers more than it does.
  const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv)
  let bytes: Buffer
  try {
    bytes = Buffer.concat([decipher.update(encrypted.subarray(0, -MAC_BYTES)), decipher.final()])
  } catch (cause) {
    throw new WarrenError('media_unavailable', 'the file cannot be decrypted', { cause })
  }
  if (!createHash('sha256').update(bytes).digest().equals(fileSha256))
    throw new WarrenError('media_unavailable', 'the file is not the one that the message announced')
  return bytes
}

/** The address of a file. Its parts are the sender's choice: where they lead is judged on the whole. */
export function placeOf({ url, directPath }: Pick<MediaFile, 'url' | 'directPath'>, allowed: HostRule): URL {
  const given = url && URL.canParse(url) ? new URL(url) : undefined
  const known = given && allowed(given.hostname) ? given : undefined
  const path = directPath && /^\/(?![/])[^@\\]*$/.test(directPath) ? directPath : undefined
  if (directPath && !path) throw new WarrenError('media_unavailable', 'the path of the file leads elsewhere')
  const base = known ? `https://${known.host}` : `https://${MEDIA_HOST}`
  const place = path ? new URL(path, base) : known
  if (!place || place.username || (place.host !== known?.host && place.host !== MEDIA_HOST))
    throw new WarrenError('media_unavailable', 'the message does not say where its file is')
  return place
}

/** Node's own client, as it takes an agent for a proxy and follows no redirects. */
async function fetchBounded(place: URL, agentTo: ((place: URL) => Agent) | undefined): Promise<Buffer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = place.protocol === 'http:' ? plainRequest : secureRequest
    const asking = request(place, {
      headers: { origin: 'https://web.whatsapp.com' },
      signal: AbortSignal.timeout(DOWNLOAD_MS),
      ...(agentTo ? { agent: agentTo(place) } : {}),
    })
    asking.on('response', resolve).on('error', reject).end()
  })
  try {
    const { statusCode } = response
    if (statusCode === 404 || statusCode === 410)
      throw new WarrenError('media_unavailable', 'WhatsApp does not have the file any more')
    if (statusCode !== 200) throw new Error(`the media server answered ${statusCode}`)
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of response) {
      size += chunk.length
      if (size > MAX_BYTES)
        throw new WarrenError('media_unavailable', `the file is larger than ${MAX_BYTES} bytes`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } finally {
    response.destroy()
  }
}

/**
 * Encrypts and uploads an image.
 * @throws the error of the upload
 */
export async function uploadImage(
  socket: Socket,
  bytes: Buffer,
  { mimetype, caption }: { mimetype: string; caption?: string },
): Promise<ImageMessage> {
  const { imageMessage } = await prepareWAMessageMedia(
    // A thumbnail of null: making one takes an image library of 30 MB, in the process that is to be small.
    { image: bytes, mimetype, ...(caption ? { caption } : {}), jpegThumbnail: null as never },
    { upload: socket.waUploadToServer, mediaUploadTimeoutMs: UPLOAD_MS },
  )
  if (!imageMessage) throw new WarrenError('media_rejected')
  return imageMessage
}

export const encodeImage = (image: ImageMessage): Uint8Array =>
  proto.Message.ImageMessage.encode(proto.Message.ImageMessage.fromObject(image)).finish()

export const decodeImage = (bytes: Uint8Array): ImageMessage => proto.Message.ImageMessage.decode(bytes)
