/** The cryptography of linking with a passkey. */
import { createCipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { type AuthenticationCreds, bytesToCrockford, Curve, proto } from '../baileys.ts'
import type { PrimaryIdentity } from './flow.ts'

const KEY_BYTES = 32
const IV_BYTES = 12
const CODE_BYTES = 5
const HANDOFF_INFO = 'shortcake-passkey-handoff-v1'
const REQUEST_INFO = 'Pairing Information Encryption Key'

/** As in the device's registration: Chrome. */
const DEVICE_TYPE = proto.DeviceProps.PlatformType.CHROME

const derive = (secret: Uint8Array, salt: string, info: string) =>
  Buffer.from(hkdfSync('sha256', secret, salt, info, KEY_BYTES))

/** The key that proves the continuity with the secret of the scanned QR. */
export const handoffKey = (advSecret: string) => derive(Buffer.from(advSecret, 'base64'), '', HANDOFF_INFO)

export const handoffProof = (key: Uint8Array, prologue: Uint8Array) =>
  createHmac('sha256', key).update(prologue).digest()

/** What this side commits itself to before it sees the phone's key. */
export type Companion = {
  readonly ref: string
  readonly keys: { readonly private: Uint8Array; readonly public: Uint8Array }
  readonly nonce: Uint8Array
  /** `ProloguePayload`, as it goes out. */
  readonly prologue: Uint8Array
}

export function createCompanion(ref: string): Companion {
  const keys = Curve.generateKeyPair()
  const nonce = randomBytes(KEY_BYTES)
  const identity = proto.CompanionEphemeralIdentity.encode({
    publicKey: keys.public,
    deviceType: DEVICE_TYPE,
    ref,
  }).finish()
  const hash = createHash('sha256').update(identity).update(nonce).digest()
  const prologue = proto.ProloguePayload.encode({
    companionEphemeralIdentity: identity,
    commitment: { hash },
  }).finish()
  return { ref, keys, nonce, prologue }
}

/** Undefined when it is not what the protocol has. */
export function readPrimaryIdentity(bytes: Uint8Array): PrimaryIdentity | undefined {
  try {
    const { publicKey, nonce } = proto.PrimaryEphemeralIdentity.decode(bytes)
    if (publicKey?.length !== KEY_BYTES || nonce?.length !== KEY_BYTES) return undefined
    return { publicKey, nonce }
  } catch {
    return undefined
  }
}

/** The key for the pairing request, and the code that phone and person compare. */
export function agree({ keys, nonce, ref }: Companion, primary: PrimaryIdentity) {
  const shared = Curve.sharedKey(keys.private, primary.publicKey)
  const digest = createHash('sha256').update(nonce).update(primary.publicKey).digest()
  const code = bytesToCrockford(
    Buffer.from(primary.nonce.subarray(0, CODE_BYTES).map((byte, index) => byte ^ (digest[index] ?? 0))),
  )
  return {
    key: derive(shared, `Companion Pairing ${DEVICE_TYPE} with ref ${ref}`, REQUEST_INFO),
    code: `${code.slice(0, 4)}-${code.slice(4)}`,
  }
}

/** This device's public keys and its new linking secret, for the phone alone: an `EncryptedPairingRequest`. */
export function sealPairingRequest(key: Uint8Array, creds: AuthenticationCreds): Uint8Array {
  const request = proto.PairingRequest.encode({
    companionPublicKey: creds.noiseKey.public,
    companionIdentityKey: creds.signedIdentityKey.public,
    advSecret: Buffer.from(creds.advSecretKey, 'base64'),
  }).finish()
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  const encryptedPayload = Buffer.concat([cipher.update(request), cipher.final(), cipher.getAuthTag()])
  return proto.EncryptedPairingRequest.encode({ encryptedPayload, iv }).finish()
}
