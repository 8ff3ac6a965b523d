/** A secret for one process: whoever has its public key can seal for it, and nobody else opens. For secrets that pass a third party. */
import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { UnsealError } from './seal.ts'

const KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16

export type Box = {
  /** 32 bytes of X25519. */
  readonly publicKey: Uint8Array
  /** @throws UnsealError when it was sealed for another box or purpose, or was changed */
  open(sealed: Uint8Array, purpose: string): Buffer
}

/** A box whose private key lives in this process only. */
export function createBox(): Box {
  const { publicKey, privateKey } = generateKeyPairSync('x25519')
  const own = rawOf(publicKey)
  return {
    publicKey: own,
    open(sealed, purpose) {
      const bytes = Buffer.from(sealed)
      if (bytes.length < KEY_BYTES + IV_BYTES + TAG_BYTES) throw new UnsealError('too short for a sealed box')
      const sender = bytes.subarray(0, KEY_BYTES)
      const iv = bytes.subarray(KEY_BYTES, KEY_BYTES + IV_BYTES)
      try {
        const key = agree(privateKey, sender, [sender, own], purpose)
        const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
        decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
        return Buffer.concat([
          decipher.update(bytes.subarray(KEY_BYTES + IV_BYTES, -TAG_BYTES)),
          decipher.final(),
        ])
      } catch (cause) {
        throw new UnsealError('damaged, or sealed for another box or purpose', { cause })
      }
    },
  }
}

/**
 * Seals for the box with this public key: an ephemeral public key, a random iv, ciphertext, tag.
 * @param purpose what it is for; it opens for nothing else
 */
export function sealTo(publicKey: Uint8Array, plaintext: Uint8Array, purpose: string): Buffer {
  const ephemeral = generateKeyPairSync('x25519')
  const sender = rawOf(ephemeral.publicKey)
  const key = agree(ephemeral.privateKey, publicKey, [sender, publicKey], purpose)
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
  return Buffer.concat([sender, iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

function agree(own: KeyObject, theirs: Uint8Array, bound: readonly Uint8Array[], purpose: string): Buffer {
  const x = Buffer.from(theirs).toString('base64url')
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' })
  const shared = diffieHellman({ privateKey: own, publicKey })
  return Buffer.from(hkdfSync('sha256', shared, Buffer.concat(bound), `warren/box/v1/${purpose}`, KEY_BYTES))
}

const rawOf = (key: KeyObject): Buffer => Buffer.from(String(key.export({ format: 'jwk' }).x), 'base64url')
