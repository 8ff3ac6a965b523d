/** The inner modules of libsignal that the ratchet guard checks itself with. */
declare module 'libsignal/src/crypto.js' {
  type Crypto = {
    calculateMAC(key: Buffer, data: Buffer): Buffer
    deriveSecrets(input: Buffer, salt: Buffer, info: Buffer, chunks?: number): Buffer[]
    verifyMAC(data: Buffer, key: Buffer, mac: Buffer, length: number): void
    encrypt(key: Buffer, data: Buffer, iv: Buffer): Buffer
    decrypt(key: Buffer, data: Buffer, iv: Buffer): Buffer
    hash(data: Buffer): Buffer
  }
  const crypto: Crypto
  export default crypto
  export const { encrypt, decrypt, hash }: Crypto
}
declare module 'libsignal/src/curve.js' {
  const curve: { generateKeyPair(): { pubKey: Buffer; privKey: Buffer } }
  export default curve
}
declare module 'libsignal/src/protobufs.js' {
  type Codec = {
    create(fields: object): object
    encode(message: object): { finish(): Uint8Array }
  }
  const protobufs: { WhisperMessage: Codec }
  export default protobufs
}
declare module 'libsignal/src/session_record.js' {
  type Entry = {
    registrationId: number
    currentRatchet: object
    indexInfo: object
    serialize(): object
    constructor: { deserialize(data: object): object }
  }
  const SessionRecord: { createEntry(): Entry }
  export default SessionRecord
}
