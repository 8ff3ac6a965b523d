// libsignal's HMAC-SHA256 by Node's one-shot hash: a key object and a stream for each of the seven of a message take 12 us, two hashes take 2.
// Everything else stays the library's.
import { hash as hashOnce, timingSafeEqual } from 'node:crypto'

export { decrypt, encrypt, hash } from 'libsignal/src/crypto.js'

const BLOCK_BYTES = 64
const HASH_BYTES = 32
const [INNER, OUTER] = [0x36, 0x5c]

const sha256 = (data: Uint8Array) => hashOnce('sha256', data, 'buffer')

/**
 * HMAC as RFC 2104 has it.
 * @throws TypeError for what is no buffer, as the library does
 */
export function calculateMAC(key: Buffer, data: Buffer): Buffer {
  for (const one of [key, data])
    if (!Buffer.isBuffer(one)) throw new TypeError('Expected Buffer instead of another type')
  const short = key.length > BLOCK_BYTES ? sha256(key) : key
  const inner = Buffer.allocUnsafe(BLOCK_BYTES + data.length)
  const outer = Buffer.allocUnsafe(BLOCK_BYTES + HASH_BYTES)
  for (let at = 0; at < BLOCK_BYTES; at++) {
    const byte = short[at] ?? 0
    inner[at] = byte ^ INNER
    outer[at] = byte ^ OUTER
  }
  inner.set(data, BLOCK_BYTES)
  outer.set(sha256(inner), BLOCK_BYTES)
  return sha256(outer)
}

/**
 * The first chunks of 32 bytes of HKDF (RFC 5869), one to three.
 * @throws Error for a salt that is not of 32 bytes
 */
export function deriveSecrets(input: Buffer, salt: Buffer, info: Buffer, chunks = 3): Buffer[] {
  if (salt.length !== HASH_BYTES) throw new Error('Got salt of incorrect length')
  const key = calculateMAC(salt, input)
  const secrets: Buffer[] = []
  for (let count = 1; count <= chunks; count++)
    secrets.push(calculateMAC(key, Buffer.concat([secrets.at(-1) ?? Buffer.of(), info, Buffer.of(count)])))
  return secrets
}

/** @throws Error when `mac` is not the beginning, of `length` bytes, of the one of `data` */
export function verifyMAC(data: Buffer, key: Buffer, mac: Buffer, length: number): void {
  const own = calculateMAC(key, data).subarray(0, length)
  if (mac.length !== length || own.length !== length) throw new Error('Bad MAC length')
  if (!timingSafeEqual(mac, own)) throw new Error('Bad MAC')
}
