import {
  Curve,
  hkdf,
  type KeyPair,
  NOISE_MODE,
  NOISE_WA_HEADER,
  proto,
  sha256,
} from '@whiskeysockets/baileys'
import { createTransport, seal, type Transport, unseal } from './transport.ts'
import type { TrustChain } from './trust-chain.ts'

/** What the client proved and said in its second frame. */
export interface ClientFinish {
  /** The client's Noise static key: the credential that a companion logs in with. */
  clientKey: Buffer
  payload: proto.ClientPayload
  transport: Transport
}

/** The responder's half of Noise XX as WhatsApp uses it. Both steps throw on a client that breaks the protocol. */
export interface Handshake {
  serverHello(clientHello: Uint8Array): Uint8Array
  finish(clientFinish: Uint8Array): ClientFinish
}

const required = (bytes: Uint8Array | null | undefined, name: string): Uint8Array => {
  if (!bytes?.length) throw new Error(`handshake message lacks ${name}`)
  return bytes
}

export const createHandshake = (chain: TrustChain): Handshake => {
  // The mode string is exactly one hash long, so it is the initial state itself.
  let hash: Uint8Array = Buffer.from(NOISE_MODE)
  let chainingKey: Uint8Array = hash
  let key: Uint8Array = hash
  let counter = 0
  let ephemeral: KeyPair | undefined

  const mixHash = (data: Uint8Array) => {
    hash = sha256(Buffer.concat([hash, data]))
  }
  const derive = (input: Uint8Array): [Uint8Array, Uint8Array] => {
    const keys = Buffer.from(hkdf(Buffer.from(input), 64, { salt: Buffer.from(chainingKey), info: '' }))
    return [keys.subarray(0, 32), keys.subarray(32)]
  }
  const mixKey = (secret: Uint8Array) => {
    ;[chainingKey, key] = derive(secret)
    counter = 0
  }
  const encrypt = (plain: Uint8Array) => {
    const sealed = seal(plain, key, counter++, hash)
    mixHash(sealed)
    return sealed
  }
  const decrypt = (sealed: Uint8Array) => {
    const plain = unseal(sealed, key, counter++, hash)
    mixHash(sealed)
    return plain
  }

  mixHash(NOISE_WA_HEADER)

  return {
    serverHello(frame) {
      const hello = proto.HandshakeMessage.decode(frame).clientHello
      const clientEphemeral = required(hello?.ephemeral, 'clientHello.ephemeral')
      ephemeral = Curve.generateKeyPair()
      mixHash(clientEphemeral)
      mixHash(ephemeral.public)
      mixKey(Curve.sharedKey(ephemeral.private, clientEphemeral))
      const encryptedStatic = encrypt(chain.serverKey.public)
      mixKey(Curve.sharedKey(chain.serverKey.private, clientEphemeral))
      const payload = encrypt(chain.certificate)
      return proto.HandshakeMessage.encode({
        serverHello: { ephemeral: ephemeral.public, static: encryptedStatic, payload },
      }).finish()
    },

    finish(frame) {
      if (!ephemeral) throw new Error('clientFinish arrived before clientHello')
      const message = proto.HandshakeMessage.decode(frame).clientFinish
      const clientKey = decrypt(required(message?.static, 'clientFinish.static'))
      mixKey(Curve.sharedKey(ephemeral.private, clientKey))
      const payload = proto.ClientPayload.decode(decrypt(required(message?.payload, 'clientFinish.payload')))
      const [clientToServer, serverToClient] = derive(new Uint8Array(0))
      return { clientKey, payload, transport: createTransport(serverToClient, clientToServer) }
    },
  }
}
