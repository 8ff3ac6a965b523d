// Checks libsignal's signatures with Node's own Ed25519: the library for it makes some ten thousand small buffers a check, which takes
// milliseconds, and leaves the memory of a session that has just connected full of holes. Everything else stays the library's.
import { verify as verifyEd25519 } from 'node:crypto'

export { generateKeyPair, sharedKey, sign } from 'curve25519-js'

const P = (1n << 255n) - 19n
const SPKI_OF_ED25519 = Buffer.from('302a300506032b6570032100', 'hex')
const KEY_BYTES = 32
const SIGNATURE_BYTES = 64
const TOP_BIT = 0x80

/**
 * Whether `signature` is that of `message` by the X25519 key `publicKey`, as XEdDSA has it: the key is the Edwards point of the same place
 * on the curve, and the sign of its x is in the last bit of the signature.
 * @throws Error when a length is wrong
 */
export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES) throw new Error('wrong signature length')
  if (publicKey.length !== KEY_BYTES) throw new Error('wrong public key length')
  const plain = Buffer.from(signature)
  const last = plain.readUInt8(SIGNATURE_BYTES - 1)
  plain.writeUInt8(last & ~TOP_BIT, SIGNATURE_BYTES - 1)
  const point = edwardsOf(publicKey)
  point.writeUInt8(point.readUInt8(KEY_BYTES - 1) | (last & TOP_BIT), KEY_BYTES - 1)
  const key = { key: Buffer.concat([SPKI_OF_ED25519, point]), format: 'der', type: 'spki' } as const
  return verifyEd25519(null, message, key, plain)
}

/** The y of the Edwards point: (u − 1) / (u + 1). */
function edwardsOf(publicKey: Uint8Array): Buffer {
  const littleEndian = Buffer.from(publicKey)
  littleEndian.writeUInt8(littleEndian.readUInt8(KEY_BYTES - 1) & ~TOP_BIT, KEY_BYTES - 1)
  const u = BigInt(`0x${littleEndian.reverse().toString('hex')}`) % P
  const y = ((u + P - 1n) * inverse(u + 1n)) % P
  return Buffer.from(y.toString(16).padStart(2 * KEY_BYTES, '0'), 'hex').reverse()
}

/** By Euclid; 0 for 0. Nothing here is secret, so that its time may depend on the number. */
function inverse(number: bigint): bigint {
  let [a, b, x, y] = [number % P, P, 1n, 0n]
  while (a > 1n) {
    const quotient = b / a
    ;[a, b] = [b % a, a]
    ;[x, y] = [y - quotient * x, x]
  }
  return a === 0n ? 0n : ((x % P) + P) % P
}
