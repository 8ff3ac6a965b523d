import { createPublicKey, verify } from 'node:crypto'

const P = 2n ** 255n - 19n
const ED25519_SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

const fromLittleEndian = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)

const toLittleEndian = (value: bigint): Buffer =>
  Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse()

const power = (base: bigint, exponent: bigint): bigint => {
  let result = 1n
  for (let square = base % P, rest = exponent; rest > 0n; square = (square * square) % P, rest >>= 1n) {
    if (rest & 1n) result = (result * square) % P
  }
  return result
}

/** The Edwards point that belongs to an X25519 key, with the sign that the signature names: y = (u - 1) / (u + 1). */
const edwardsKey = (montgomery: Uint8Array, sign: number): Buffer => {
  const u = fromLittleEndian(montgomery) % 2n ** 255n
  const y = (((u - 1n + P) % P) * power(u + 1n, P - 2n)) % P
  const bytes = toLittleEndian(y)
  bytes[31] = (bytes[31] ?? 0) | sign
  return bytes
}

/**
 * Whether `signature` over `message` was made by the owner of the X25519 key (32 bytes, no type prefix): XEd25519 as
 * Signal uses it. Baileys' `Curve.verify` ignores the outcome of its own check, so it is no use here.
 */
export const verifySignature = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean => {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  const signBit = (signature[63] ?? 0) & 0x80
  const plain = Buffer.from(signature)
  plain[63] = (plain[63] ?? 0) & 0x7f
  const spki = Buffer.concat([ED25519_SPKI_PREFIX, edwardsKey(publicKey, signBit)])
  return verify(null, message, createPublicKey({ key: spki, format: 'der', type: 'spki' }), plain)
}
