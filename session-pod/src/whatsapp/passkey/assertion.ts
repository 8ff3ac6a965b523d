/** What is checked of an assertion before WhatsApp sees it: a mistake found here costs no attempt. */
import { createHash } from 'node:crypto'
import { type PasskeyAssertion, WarrenError } from '@warren/contracts'
import type { PasskeyOptions } from './flow.ts'

const USER_PRESENT = 0x01
const USER_VERIFIED = 0x04
const HASH_BYTES = 32

/** The options in a stanza; undefined when they are not what a browser takes. */
export function readOptions(bytes: Uint8Array | undefined): PasskeyOptions | undefined {
  if (!bytes?.length) return undefined
  try {
    const options: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    const { challenge } = (options ?? {}) as { challenge?: unknown }
    return typeof challenge === 'string' && challenge ? (options as PasskeyOptions) : undefined
  } catch {
    return undefined
  }
}

/**
 * Whether an assertion answers the challenge. The signature is for WhatsApp to check: only there the public key is known.
 * @throws WarrenError `passkey_invalid`, saying what is wrong
 */
export function checkAssertion(options: PasskeyOptions, assertion: PasskeyAssertion): void {
  const refuse = (detail: string): never => {
    throw new WarrenError('passkey_invalid', detail)
  }
  const client = clientData(assertion) ?? refuse('clientDataJSON is not what a browser writes')
  if (client.type !== 'webauthn.get') refuse('it is no assertion: clientDataJSON has another type')
  if (!sameBytes(client.challenge, options.challenge)) refuse('it answers another challenge')
  if (!isOfWhatsApp(client.origin)) refuse(`it was made on ${client.origin} and not on WhatsApp's page`)
  const authenticator = bytesOf(assertion.response.authenticatorData)
  const rpId = typeof options.rpId === 'string' ? options.rpId : new URL(client.origin).hostname
  if (!authenticator.subarray(0, HASH_BYTES).equals(createHash('sha256').update(rpId).digest()))
    refuse(`it is not for ${rpId}`)
  const flags = authenticator[HASH_BYTES] ?? 0
  if (!(flags & USER_PRESENT)) refuse('nobody was present when it was made')
  if (options.userVerification === 'required' && !(flags & USER_VERIFIED)) refuse('the user was not verified')
  const allowed = Array.isArray(options.allowCredentials) ? options.allowCredentials : []
  if (allowed.length > 0 && !allowed.some(({ id }) => sameBytes(id, assertion.rawId)))
    refuse('the passkey is none of those that WhatsApp allows')
}

/** The assertion as WhatsApp gets it. */
export function assertionJson({ id, rawId, type, response }: PasskeyAssertion): Buffer {
  const { clientDataJSON, authenticatorData, signature, userHandle = null } = response
  return Buffer.from(
    JSON.stringify({
      id,
      rawId,
      type,
      response: { clientDataJSON, authenticatorData, signature, userHandle },
    }),
  )
}

type ClientData = { type: string; challenge: string; origin: string }

function clientData({ response }: PasskeyAssertion): ClientData | undefined {
  try {
    const data: ClientData = JSON.parse(bytesOf(response.clientDataJSON).toString('utf8'))
    return URL.canParse(data.origin) && typeof data.challenge === 'string' ? data : undefined
  } catch {
    return undefined
  }
}

function isOfWhatsApp(origin: string): boolean {
  const { protocol, hostname } = new URL(origin)
  return protocol === 'https:' && (hostname === 'whatsapp.com' || hostname.endsWith('.whatsapp.com'))
}

export const bytesOf = (base64url: string): Buffer => Buffer.from(base64url, 'base64url')

const sameBytes = (a: unknown, b: unknown): boolean =>
  typeof a === 'string' && typeof b === 'string' && bytesOf(a).equals(bytesOf(b))
