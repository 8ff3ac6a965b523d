import { createDecipheriv } from 'node:crypto'
import { hkdf } from '@whiskeysockets/baileys'

const SALT_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16
const INFO = 'link_code_pairing_key_bundle_encryption_key'

/** What a companion sends once both sides derived a key from the pairing code. */
export interface PairingBundle {
  companionIdentity: Buffer
  phoneIdentity: Buffer
  random: Buffer
}

/** Opens the bundle; undefined when it does not authenticate, which is how a wrong code shows. */
export const unsealBundle = (sealed: Buffer, sharedKey: Uint8Array): PairingBundle | undefined => {
  if (sealed.length < SALT_BYTES + IV_BYTES + TAG_BYTES) return undefined
  const salt = sealed.subarray(0, SALT_BYTES)
  const iv = sealed.subarray(SALT_BYTES, SALT_BYTES + IV_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', hkdf(Buffer.from(sharedKey), 32, { salt, info: INFO }), iv)
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  try {
    const plain = Buffer.concat([
      decipher.update(sealed.subarray(SALT_BYTES + IV_BYTES, -TAG_BYTES)),
      decipher.final(),
    ])
    return {
      companionIdentity: plain.subarray(0, 32),
      phoneIdentity: plain.subarray(32, 64),
      random: plain.subarray(64, 96),
    }
  } catch {
    return undefined
  }
}
