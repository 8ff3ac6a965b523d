import {
  createCipheriv,
  createDecipheriv,
  createHash,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'

/**
 * A key of 32 bytes and a number that says which one it is, 0 to 4294967295. The number is written into what is sealed,
 * so that keys can be rotated: seal with the newest, open with whichever is named.
 */
export type SealingKey = { id: number; bytes: Uint8Array }

/** It was sealed with another key or for another place, it is damaged, or it is no envelope at all. */
export class UnsealError extends Error {
  override name = 'UnsealError'
  /** The id of the key that it needs, where that is not at hand. */
  readonly missingKeyId: number | undefined

  constructor(message: string, { missingKeyId, ...options }: ErrorOptions & { missingKeyId?: number } = {}) {
    super(message, options)
    this.missingKeyId = missingKeyId
  }
}

const VERSION = 1
const IV_BYTES = 12
const TAG_BYTES = 16
const HEADER_BYTES = 1 + 4 + IV_BYTES

/**
 * Encrypts and authenticates with AES-256-GCM. The envelope is version (1 byte), key id (4 bytes, big-endian), random iv (12),
 * tag (16), ciphertext; `aad` is bound to it but not contained: name the place it belongs to, so that it opens nowhere else.
 */
export function seal(key: SealingKey, plaintext: Uint8Array, aad: string | Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt8(VERSION, 0)
  header.writeUInt32BE(key.id, 1)
  const iv = randomBytes(IV_BYTES)
  iv.copy(header, 5)
  const cipher = createCipheriv('aes-256-gcm', key.bytes, iv)
  cipher.setAAD(boundData(header, aad))
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
  return Buffer.concat([header, cipher.getAuthTag(), ciphertext])
}

/**
 * Opens what `seal` made with the same `aad`. `keys` are those it may have been sealed with.
 *
 * @throws UnsealError when no key of that id is given, or anything was changed.
 */
export function open(
  keys: SealingKey | readonly SealingKey[],
  sealed: Uint8Array,
  aad: string | Uint8Array,
): Buffer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
  const keyId = sealedKeyId(bytes)
  const key = [keys].flat().find((candidate) => candidate.id === keyId)
  if (!key) throw new UnsealError(`sealed with key ${keyId}, which is not at hand`, { missingKeyId: keyId })
  const header = bytes.subarray(0, HEADER_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', key.bytes, header.subarray(5), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(boundData(header, aad))
  decipher.setAuthTag(bytes.subarray(HEADER_BYTES, HEADER_BYTES + TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(HEADER_BYTES + TAG_BYTES)), decipher.final()])
  } catch (cause) {
    throw new UnsealError('damaged, or sealed with another key or for another place', { cause })
  }
}

/**
 * Which key an envelope was sealed with.
 *
 * @throws UnsealError when it is too short or of another version.
 */
export function sealedKeyId(sealed: Uint8Array): number {
  if (sealed.byteLength < HEADER_BYTES + TAG_BYTES) throw new UnsealError('too short for an envelope')
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
  if (bytes.readUInt8(0) !== VERSION)
    throw new UnsealError(`unknown version ${bytes.readUInt8(0)} of the envelope`)
  return bytes.readUInt32BE(1)
}

/**
 * The key of one instance, derived with HKDF-SHA256 from the platform's master key (at least 32 bytes). A session process gets
 * only this one, so that a break-in there opens one account and not all.
 */
export function deriveInstanceKey(
  masterKey: SealingKey,
  organization: string,
  instanceId: string,
): SealingKey {
  if (masterKey.bytes.byteLength < 32) throw new RangeError('a master key has at least 32 bytes')
  // As JSON, not joined: ("ab", "c") and ("a", "bc") must be two keys.
  const info = JSON.stringify(['warren/instance/v1', organization, instanceId])
  return { id: masterKey.id, bytes: new Uint8Array(hkdfSync('sha256', masterKey.bytes, '', info, 32)) }
}

/**
 * The key for the proxies of one organisation: who writes its pools has it, and the sessions of that organisation. It is derived from a
 * master key of its own, so that who keeps proxies cannot open credentials.
 */
export function deriveProxyKey(masterKey: SealingKey, organization: string): SealingKey {
  if (masterKey.bytes.byteLength < 32) throw new RangeError('a master key has at least 32 bytes')
  const info = JSON.stringify(['warren/proxies/v1', organization])
  return { id: masterKey.id, bytes: new Uint8Array(hkdfSync('sha256', masterKey.bytes, '', info, 32)) }
}

/** Whether two secrets are equal, in a time that tells nothing of where or in which length they differ. */
export function constantTimeEqual(a: string | Uint8Array, b: string | Uint8Array): boolean {
  const digest = (value: string | Uint8Array) => createHash('sha256').update(value).digest()
  return timingSafeEqual(digest(a), digest(b))
}

/** The header is authenticated too, so that neither version nor key id can be exchanged. */
function boundData(header: Buffer, aad: string | Uint8Array): Buffer {
  return Buffer.concat([header, typeof aad === 'string' ? Buffer.from(aad) : aad])
}
