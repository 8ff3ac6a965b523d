import { createCipheriv, createDecipheriv } from 'node:crypto'

const TAG_BYTES = 16

const counterIv = (counter: number): Buffer => {
  const iv = Buffer.alloc(12)
  iv.writeUInt32BE(counter, 8)
  return iv
}

/** AES-256-GCM with the tag behind the ciphertext; `counter` is the last four bytes of the IV. */
export const seal = (plain: Uint8Array, key: Uint8Array, counter: number, aad: Uint8Array): Buffer => {
  const cipher = createCipheriv('aes-256-gcm', key, counterIv(counter))
  cipher.setAAD(aad)
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** Inverse of {@link seal}; throws when the tag does not match. */
export const unseal = (sealed: Uint8Array, key: Uint8Array, counter: number, aad: Uint8Array): Buffer => {
  const split = sealed.length - TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', key, counterIv(counter))
  decipher.setAAD(aad)
  decipher.setAuthTag(sealed.subarray(split))
  return Buffer.concat([decipher.update(sealed.subarray(0, split)), decipher.final()])
}

/** The two directions after the handshake. Each call uses the next counter, so order is everything. */
export interface Transport {
  encrypt(plain: Uint8Array): Buffer
  decrypt(sealed: Uint8Array): Buffer
}

const NO_AAD = Buffer.alloc(0)

export const createTransport = (sendKey: Uint8Array, receiveKey: Uint8Array): Transport => {
  let sent = 0
  let received = 0
  return {
    encrypt: (plain) => seal(plain, sendKey, sent++, NO_AAD),
    decrypt: (sealed) => unseal(sealed, receiveKey, received++, NO_AAD),
  }
}
