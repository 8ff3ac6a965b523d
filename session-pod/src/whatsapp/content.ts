/** WhatsApp's protobuf as Warren's content. */
import type { MessageContent } from '@warren/contracts'
import { getContentType, normalizeMessageContent, proto } from './baileys.ts'

export type ImageMessage = proto.Message.IImageMessage

/** What a decrypted message says; undefined for those that carry only keys, settings or history. */
export type ReadContent = { readonly content: MessageContent; readonly image?: ImageMessage }

/** Parts that travel with others or serve the protocol: alone they are no message to a person. */
const SILENT = new Set<string>([
  'protocolMessage',
  'senderKeyDistributionMessage',
  'fastRatchetKeySenderKeyDistributionMessage',
  'messageContextInfo',
])

export function readContent(message: proto.IMessage): ReadContent | undefined {
  const inner = normalizeMessageContent(message)
  if (!inner) return undefined
  if (typeof inner.conversation === 'string' && inner.conversation !== '')
    return { content: { type: 'text', text: inner.conversation } }
  if (inner.extendedTextMessage)
    return { content: { type: 'text', text: inner.extendedTextMessage.text ?? '' } }
  if (inner.imageMessage) return { content: imageContent(inner.imageMessage), image: inner.imageMessage }
  const kind = getContentType(inner)
  return kind && !SILENT.has(kind) ? { content: { type: 'unsupported', kind } } : undefined
}

function imageContent(image: ImageMessage): MessageContent {
  const size = toNumber(image.fileLength)
  return {
    type: 'image',
    ...(image.caption ? { caption: image.caption } : {}),
    media: {
      mimetype: image.mimetype ?? 'image/jpeg',
      ...(size ? { size } : {}),
      ...(image.fileSha256?.length === 32 ? { sha256: Buffer.from(image.fileSha256).toString('hex') } : {}),
      ...(image.width ? { width: image.width } : {}),
      ...(image.height ? { height: image.height } : {}),
    },
  }
}

/** Protobuf integers of 64 bits are numbers or Longs. */
export function toNumber(value: number | { toNumber(): number } | null | undefined): number {
  return typeof value === 'object' && value !== null ? value.toNumber() : (value ?? 0)
}

/** Seconds since 1970, as stanzas have them; now where there are none. */
export function timeOf(seconds: string | undefined, now: Date): Date {
  const value = Number(seconds)
  return Number.isFinite(value) && value > 0 ? new Date(value * 1000) : now
}

/** The message inside a decrypted payload, and where it was sent when another device of ours sent it. */
export function openMessage(payload: Uint8Array): { message: proto.IMessage; destination?: string } {
  const decoded = proto.Message.decode(payload)
  const sent = decoded.deviceSentMessage
  if (!sent?.message) return { message: decoded }
  return { message: sent.message, ...(sent.destinationJid ? { destination: sent.destinationJid } : {}) }
}
