/** Asks WhatsApp for a pairing by code. Baileys does not wait for the answer, so that a refused code would be shown all the same. */
import { randomBytes } from 'node:crypto'
import {
  type AuthenticationCreds,
  aesEncryptCTR,
  type BinaryNode,
  bytesToCrockford,
  derivePairingCodeKey,
  type Socket,
} from './baileys.ts'
import { BROWSER, platformId } from './pairing.ts'

const CODE_BYTES = 5
const SALT_BYTES = 32
const IV_BYTES = 16

/**
 * @param phone digits of the number on whose phone the code is typed
 * @returns the eight characters to type
 * @throws the Boom of WhatsApp's refusal, of no answer, or of the end of the connection
 */
export async function requestPairingCode(
  socket: Pick<Socket, 'query'>,
  creds: AuthenticationCreds,
  phone: string,
): Promise<string> {
  const code = bytesToCrockford(randomBytes(CODE_BYTES))
  const jid = `${phone}@s.whatsapp.net`
  // Baileys finishes the pairing by itself, with what it finds here.
  creds.pairingCode = code
  creds.me = { id: jid, name: '~' }
  const child = (tag: string, content: Uint8Array | string): BinaryNode => ({ tag, attrs: {}, content })
  const [os, browser] = [BROWSER[0], BROWSER[1]]
  const hello: BinaryNode = {
    tag: 'link_code_companion_reg',
    attrs: { jid, stage: 'companion_hello', should_show_push_notification: 'true' },
    content: [
      child('link_code_pairing_wrapped_companion_ephemeral_pub', await wrap(creds, code)),
      child('companion_server_auth_key_pub', creds.noiseKey.public),
      child('companion_platform_id', platformId),
      child('companion_platform_display', `${browser} (${os})`),
      child('link_code_pairing_nonce', '0'),
    ],
  }
  const attrs = { to: '@s.whatsapp.net', type: 'set', xmlns: 'md' }
  const answer = await socket.query({ tag: 'iq', attrs, content: [hello] })
  if (!answer) throw new Error('WhatsApp did not answer')
  return code
}

async function wrap(creds: AuthenticationCreds, code: string): Promise<Uint8Array> {
  const salt = randomBytes(SALT_BYTES)
  const iv = randomBytes(IV_BYTES)
  const key = await derivePairingCodeKey(code, salt)
  return Buffer.concat([salt, iv, aesEncryptCTR(creds.pairingEphemeralKeyPair.public, key, iv)])
}
