import { inflateSync } from 'node:zlib'
import {
  type BinaryNode,
  decodeDecompressedBinaryNode,
  encodeBigEndian,
  encodeBinaryNode,
} from '@whiskeysockets/baileys'
import {
  DOUBLE_BYTE_TOKENS,
  SINGLE_BYTE_TOKENS,
  TAGS,
} from '@whiskeysockets/baileys/lib/WABinary/constants.js'

export { getBinaryNodeChild as child, getBinaryNodeChildren as children } from '@whiskeysockets/baileys'

export type { BinaryNode }

export const SERVER = 's.whatsapp.net'

const TOKENS = { TAGS, SINGLE_BYTE_TOKENS, DOUBLE_BYTE_TOKENS }
const COMPRESSED = 2

/** Decodes a decrypted frame. Baileys' own decoder is asynchronous, which would let frames overtake each other. */
export const decodeNode = (frame: Buffer): BinaryNode => {
  const compressed = ((frame[0] ?? 0) & COMPRESSED) !== 0
  const body = compressed ? inflateSync(frame.subarray(1)) : frame.subarray(1)
  return decodeDecompressedBinaryNode(body, TOKENS)
}

export const encodeNode = (node: BinaryNode): Buffer => encodeBinaryNode(node)

/** A node; attributes that are undefined are left out. */
export const node = (
  tag: string,
  attrs: Record<string, string | undefined> = {},
  content?: BinaryNode['content'],
): BinaryNode => {
  const present: Record<string, string> = {}
  for (const [key, value] of Object.entries(attrs)) if (value !== undefined) present[key] = value
  return content === undefined ? { tag, attrs: present } : { tag, attrs: present, content }
}

export const firstChild = ({ content }: BinaryNode): BinaryNode | undefined =>
  Array.isArray(content) ? content[0] : undefined

/** The bytes of a node's content; empty when it has none. */
export const bytesOf = (of: BinaryNode | undefined): Buffer => {
  const content = of?.content
  if (content instanceof Uint8Array) return Buffer.from(content)
  return typeof content === 'string' ? Buffer.from(content) : Buffer.alloc(0)
}

export const childBytes = (of: BinaryNode, tag: string): Buffer =>
  bytesOf(Array.isArray(of.content) ? of.content.find((one) => one.tag === tag) : undefined)

export const uintOf = (bytes: Buffer): number => (bytes.length ? bytes.readUIntBE(0, bytes.length) : 0)

/** `value` as a big-endian integer: registration ids take 4 bytes, key ids 3. */
export const uintBytes = (value: number, length: number): Uint8Array => encodeBigEndian(value, length)

export const seconds = (): string => String(Math.floor(Date.now() / 1000))
