import { getContentType, normalizeMessageContent, type proto } from '@whiskeysockets/baileys'

/** A file inside a message, as the recipient found it. */
export interface MediaContent {
  mimetype: string
  bytes: number
  /** Hex digest of the plain file. */
  sha256: string
  /** Download, MAC, both hashes and decryption were right. */
  intact: boolean
}

/** What a message says, reduced to what tests compare. */
export interface Content {
  /** `text`, `image`, `reaction`, … : the name of the protobuf field without "Message"; texts of both kinds are `text`. */
  kind: string
  /** Text, caption or reaction. */
  text?: string
  media?: MediaContent
}

const KIND_OF_FIELD: Record<string, string> = { conversation: 'text', extendedTextMessage: 'text' }

/** Describes a decrypted message; media is only described by its caption here. */
export const describe = (message: proto.IMessage): Content => {
  const inner = normalizeMessageContent(message) ?? message
  const field = getContentType(inner)
  if (!field) return { kind: 'empty' }
  const kind = KIND_OF_FIELD[field] ?? String(field).replace(/Message$/, '')
  const text =
    inner.conversation ||
    inner.extendedTextMessage?.text ||
    inner.imageMessage?.caption ||
    inner.videoMessage?.caption ||
    inner.documentMessage?.caption ||
    inner.reactionMessage?.text
  return { kind, ...(text ? { text } : {}) }
}
