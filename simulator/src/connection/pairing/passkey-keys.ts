import { createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto'
import { bytesToCrockford, Curve, hkdf, proto } from '@whiskeysockets/baileys'

const KEY_BYTES = 32
const TAG_BYTES = 16
const CODE_BYTES = 5
const HANDOFF_INFO = 'shortcake-passkey-handoff-v1'
const REQUEST_INFO = 'Pairing Information Encryption Key'

/** Whether the companion still knows the secret of the QR that was scanned. */
export const isHandoff = (secret: Uint8Array, prologue: Uint8Array, proof: Buffer): boolean => {
  const key = hkdf(Buffer.from(secret), KEY_BYTES, { info: HANDOFF_INFO })
  return createHmac('sha256', key).update(prologue).digest().equals(proof)
}

/** What a companion committed itself to. */
export interface Commitment {
  identity: Uint8Array
  hash: Uint8Array
  publicKey: Uint8Array
  deviceType: number
  ref: string
}

/** Reads a `ProloguePayload`; undefined when something is missing. */
export const readPrologue = (payload: Uint8Array): Commitment | undefined => {
  const { companionEphemeralIdentity: identity, commitment } = proto.ProloguePayload.decode(payload)
  if (!identity || commitment?.hash?.length !== KEY_BYTES) return undefined
  const { publicKey, deviceType, ref } = proto.CompanionEphemeralIdentity.decode(identity)
  if (publicKey?.length !== KEY_BYTES || !deviceType || !ref) return undefined
  return { identity, hash: commitment.hash, publicKey, deviceType, ref }
}

export const isCommittedTo = ({ identity, hash }: Commitment, nonce: Uint8Array): boolean =>
  createHash('sha256').update(identity).update(nonce).digest().equals(hash)

/** The phone's half of the agreement. */
export const createPrimary = () => {
  const keys = Curve.generateKeyPair()
  const nonce = randomBytes(KEY_BYTES)
  const identity = proto.PrimaryEphemeralIdentity.encode({ publicKey: keys.public, nonce }).finish()

  return {
    identity,
    /** The code that the phone shows, `XXXX-XXXX`. */
    code(companionNonce: Uint8Array): string {
      const digest = createHash('sha256').update(companionNonce).update(keys.public).digest()
      const bytes = Buffer.alloc(CODE_BYTES, 0)
      for (let i = 0; i < CODE_BYTES; i++) bytes[i] = (nonce[i] ?? 0) ^ (digest[i] ?? 0)
      const code = bytesToCrockford(bytes)
      return `${code.slice(0, 4)}-${code.slice(4)}`
    },
    /** Opens an `EncryptedPairingRequest`; undefined when it was not sealed for this phone. */
    open({ publicKey, deviceType, ref }: Commitment, sealed: Uint8Array): proto.IPairingRequest | undefined {
      const { encryptedPayload, iv } = proto.EncryptedPairingRequest.decode(sealed)
      const key = hkdf(Buffer.from(Curve.sharedKey(keys.private, publicKey)), KEY_BYTES, {
        salt: Buffer.from(`Companion Pairing ${deviceType} with ref ${ref}`),
        info: REQUEST_INFO,
      })
      try {
        const payload = Buffer.from(encryptedPayload ?? [])
        const decipher = createDecipheriv('aes-256-gcm', key, iv ?? new Uint8Array())
        decipher.setAuthTag(payload.subarray(-TAG_BYTES))
        const plain = Buffer.concat([decipher.update(payload.subarray(0, -TAG_BYTES)), decipher.final()])
        return proto.PairingRequest.decode(plain)
      } catch {
        return undefined
      }
    },
  }
}
