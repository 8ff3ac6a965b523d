import { createHash, createPublicKey, verify } from 'node:crypto'
import Joi from 'joi'
import type { Passkey } from '../../world/directory.ts'

export const RP_ID = 'whatsapp.com'
const ORIGIN = 'https://web.whatsapp.com'
const USER_PRESENT_AND_VERIFIED = 0x05
const HASH_BYTES = 32

interface Assertion {
  id: string
  rawId: string
  type: string
  response: {
    clientDataJSON: string
    authenticatorData: string
    signature: string
    userHandle: string | null
  }
}

const assertionSchema = Joi.object<Assertion>({
  id: Joi.string().required(),
  rawId: Joi.string().required(),
  type: Joi.valid('public-key').required(),
  response: Joi.object({
    clientDataJSON: Joi.string().required(),
    authenticatorData: Joi.string().required(),
    signature: Joi.string().required(),
    userHandle: Joi.string().allow(null, '').required(),
  }).required(),
})

const sha256 = (data: Uint8Array | string) => createHash('sha256').update(data).digest()

/**
 * Checks an assertion as a relying party does (WebAuthn Level 3, section 7.2).
 * @returns what is wrong with it; undefined when it is good
 */
export const faultOfAssertion = (
  json: Buffer,
  credentialId: Buffer,
  challenge: string,
  passkey: Passkey,
): string | undefined => {
  const { value, error } = assertionSchema.validate(parse(json))
  if (error) return error.message
  const { rawId, response } = value as Assertion
  const [client, authenticator, signature, raw] = [
    response.clientDataJSON,
    response.authenticatorData,
    response.signature,
    rawId,
  ].map((text) => Buffer.from(text, 'base64url')) as [Buffer, Buffer, Buffer, Buffer]
  if (!raw.equals(credentialId)) return 'credential_id is not that of the assertion'
  if (!raw.equals(Buffer.from(passkey.credentialId, 'base64url'))) return 'the passkey is not registered'
  const { type, challenge: answered, origin } = (parse(client) ?? {}) as Record<string, unknown>
  if (type !== 'webauthn.get') return 'the client data is not of an assertion'
  if (answered !== challenge) return 'it answers another challenge'
  if (origin !== ORIGIN) return `it was made on ${String(origin)}`
  if (!authenticator.subarray(0, HASH_BYTES).equals(sha256(RP_ID))) return 'it is for another relying party'
  const flags = authenticator[HASH_BYTES] ?? 0
  if ((flags & USER_PRESENT_AND_VERIFIED) !== USER_PRESENT_AND_VERIFIED) return 'the user was not verified'
  const key = createPublicKey({ key: Buffer.from(passkey.publicKey, 'base64'), format: 'der', type: 'spki' })
  const signed = Buffer.concat([authenticator, sha256(client)])
  return verify('sha256', signed, key, signature) ? undefined : 'the signature is wrong'
}

const parse = (json: Buffer): unknown => {
  try {
    return JSON.parse(json.toString('utf8'))
  } catch {
    return undefined
  }
}
