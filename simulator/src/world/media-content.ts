import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto'
import { hkdf, normalizeMessageContent, type proto } from '@whiskeysockets/baileys'
import { type Content, describe, type MediaContent } from './content.ts'
import { mediaKeyOf } from './media-store.ts'
import type { World } from './world.ts'

/** An image that a simulated phone sends. */
export interface ImageContent {
  data: Uint8Array
  /** Default `image/jpeg`. */
  mimetype?: string | undefined
}

type MediaField = 'imageMessage' | 'videoMessage' | 'audioMessage' | 'documentMessage' | 'stickerMessage'

/** What the key derivation is told, by kind of media; stickers count as images. */
const KEY_INFO: Record<MediaField, string> = {
  imageMessage: 'WhatsApp Image Keys',
  videoMessage: 'WhatsApp Video Keys',
  audioMessage: 'WhatsApp Audio Keys',
  documentMessage: 'WhatsApp Document Keys',
  stickerMessage: 'WhatsApp Image Keys',
}
const MAC_BYTES = 10

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

const mediaKeys = (mediaKey: Uint8Array, info: string) => {
  const keys = Buffer.from(hkdf(Buffer.from(mediaKey), 112, { info }))
  return { iv: keys.subarray(0, 16), cipher: keys.subarray(16, 48), mac: keys.subarray(48, 80) }
}

const macOf = (key: Uint8Array, iv: Uint8Array, body: Uint8Array): Buffer =>
  createHmac('sha256', key).update(iv).update(body).digest().subarray(0, MAC_BYTES)

/** Encrypts an image, keeps it for download over plain HTTP, and describes it for a message. */
export const imageMessage = (
  world: World,
  { data, mimetype = 'image/jpeg' }: ImageContent,
  caption: string | undefined,
): proto.Message.IImageMessage => {
  const mediaKey = randomBytes(32)
  const keys = mediaKeys(mediaKey, KEY_INFO.imageMessage)
  const cipher = createCipheriv('aes-256-cbc', keys.cipher, keys.iv)
  const body = Buffer.concat([cipher.update(data), cipher.final()])
  const file = Buffer.concat([body, macOf(keys.mac, keys.iv, body)])
  return {
    // Without a directPath clients take the URL as it is, so no TLS is needed to download.
    url: `${world.media.baseUrl}/media/${world.media.put(file)}`,
    mimetype,
    mediaKey,
    fileSha256: sha256(data),
    fileEncSha256: sha256(file),
    fileLength: data.length,
    mediaKeyTimestamp: Math.floor(Date.now() / 1000),
    ...(caption === undefined ? {} : { caption }),
  }
}

type FileMessage = Pick<proto.Message.IImageMessage, 'mediaKey' | 'fileSha256' | 'fileEncSha256' | 'mimetype'>

/** Undefined when the file is missing, damaged, or not what its hashes say. */
const openFile = (world: World, file: FileMessage, info: string): Buffer | undefined => {
  const stored = world.media.get(mediaKeyOf(file.fileEncSha256 ?? Buffer.alloc(0)))
  if (!stored || !file.mediaKey || !file.fileSha256) return undefined
  const keys = mediaKeys(file.mediaKey, info)
  const body = stored.subarray(0, -MAC_BYTES)
  if (!macOf(keys.mac, keys.iv, body).equals(stored.subarray(-MAC_BYTES))) return undefined
  const decipher = createDecipheriv('aes-256-cbc', keys.cipher, keys.iv)
  const plain = Buffer.concat([decipher.update(body), decipher.final()])
  return sha256(plain).equals(file.fileSha256) ? plain : undefined
}

/** Describes a message, and for media fetches and checks the file as the recipient's app would. */
export const contentOf = (world: World, message: proto.IMessage): Content => {
  const content = describe(message)
  const inner = normalizeMessageContent(message)
  for (const field of Object.keys(KEY_INFO) as MediaField[]) {
    const file = inner?.[field]
    if (!file) continue
    const plain = openFile(world, file, KEY_INFO[field])
    const media: MediaContent = {
      mimetype: file.mimetype ?? '',
      bytes: plain?.length ?? 0,
      sha256: Buffer.from(file.fileSha256 ?? []).toString('hex'),
      intact: plain !== undefined,
    }
    return { ...content, media }
  }
  return content
}
