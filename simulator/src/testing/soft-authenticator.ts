import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { Passkey } from '../control/types.ts'

const FLAGS = { userPresent: 0x01, userVerified: 0x04 }

/** `AuthenticationResponseJSON` of WebAuthn. */
export interface AssertionJson {
  id: string
  rawId: string
  type: 'public-key'
  response: { clientDataJSON: string; authenticatorData: string; signature: string; userHandle: null }
}

/** A person's passkey without a browser: what `navigator.credentials.get` would answer on WhatsApp's page. */
export const createSoftAuthenticator = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const credentialId = randomBytes(16).toString('base64url')
  const passkey: Passkey = {
    credentialId,
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  }

  return {
    /** To be registered with a phone. */
    passkey,
    assert(
      options: { challenge?: unknown; rpId?: unknown },
      { origin = 'https://web.whatsapp.com', verified = true } = {},
    ): AssertionJson {
      const client = Buffer.from(
        JSON.stringify({ type: 'webauthn.get', challenge: options.challenge, origin, crossOrigin: false }),
      )
      const authenticator = Buffer.concat([
        createHash('sha256').update(String(options.rpId)).digest(),
        Buffer.of(FLAGS.userPresent | (verified ? FLAGS.userVerified : 0)),
        Buffer.alloc(4),
      ])
      const signed = Buffer.concat([authenticator, createHash('sha256').update(client).digest()])
      return {
        id: credentialId,
        rawId: credentialId,
        type: 'public-key',
        response: {
          clientDataJSON: client.toString('base64url'),
          authenticatorData: authenticator.toString('base64url'),
          signature: sign('sha256', signed, privateKey).toString('base64url'),
          userHandle: null,
        },
      }
    },
  }
}
