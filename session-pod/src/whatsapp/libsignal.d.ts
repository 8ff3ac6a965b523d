/** The inner modules of libsignal that the ratchet guard checks itself with. */
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
