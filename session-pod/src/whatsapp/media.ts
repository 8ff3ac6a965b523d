/** Images to and from WhatsApp's media servers; Baileys encrypts and decrypts. */
import { createHash } from 'node:crypto'
import { WarrenError } from '@warren/contracts'
import { downloadContentFromMessage, prepareWAMessageMedia, proto, type Socket } from './baileys.ts'
import type { ImageMessage } from './content.ts'

/** More than WhatsApp's apps send as an image. */
const MAX_BYTES = 20 * 1024 * 1024
const UPLOAD_MS = 60_000

/** Which hosts media may come from: the address in a message is its sender's choice. */
export type HostRule = (host: string) => boolean

export const whatsAppHosts: HostRule = (host) => host === 'whatsapp.net' || host.endsWith('.whatsapp.net')

/**
 * Fetches and decrypts a received image.
 * @throws WarrenError `media_unavailable` when it is too large, from elsewhere, or not what the message said; else the error of the fetch,
 * after which another attempt makes sense
 */
export async function downloadImage(image: ImageMessage, allowed: HostRule): Promise<Buffer> {
  const { mediaKey, url, directPath } = image
  const host = url && URL.canParse(url) ? new URL(url).hostname : undefined
  const known = host !== undefined && allowed(host)
  if (!mediaKey || (!known && !directPath))
    throw new WarrenError('media_unavailable', 'the message does not say where its image is')
  // With a path and no URL Baileys asks WhatsApp's own host.
  const place = { mediaKey, ...(known && url ? { url } : {}), ...(directPath ? { directPath } : {}) }
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of await downloadContentFromMessage(place, 'image')) {
    size += (chunk as Buffer).length
    if (size > MAX_BYTES)
      throw new WarrenError('media_unavailable', `the image is larger than ${MAX_BYTES} bytes`)
    chunks.push(chunk as Buffer)
  }
  const bytes = Buffer.concat(chunks)
  const promised = image.fileSha256
  if (promised?.length === 32 && !createHash('sha256').update(bytes).digest().equals(promised))
    throw new WarrenError('media_unavailable', 'the image is not the one that the message announced')
  return bytes
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
