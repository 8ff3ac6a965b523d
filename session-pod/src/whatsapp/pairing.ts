/** What pairing needs beside Baileys: a QR with the current secret, and a look at who linked before it is accepted. */
import { randomBytes } from 'node:crypto'
import { phoneOf } from '@warren/contracts'
import type { AuthenticationCreds, BinaryNode } from './baileys.ts'
import {
  buildPairingQRData,
  getBinaryNodeChild,
  getBinaryNodeChildren,
  getCompanionPlatformId,
} from './baileys.ts'

/** Stable identity of the linked device; some accounts refuse unusual names when they pair by code. */
export const BROWSER: [string, string, string] = ['Ubuntu', 'Chrome', '22.04.4']
/** What kind of client that is, in WhatsApp's numbers. */
export const platformId = getCompanionPlatformId(BROWSER)

/** WhatsApp lets the first QR of a connection live 60 s and each further one 20 s. */
const FIRST_QR_MS = 60_000
const NEXT_QR_MS = 20_000
/** A code dies with the connection that asked for it: the time its QRs would have taken. */
export const CODE_MS = FIRST_QR_MS + 5 * NEXT_QR_MS

/** How long the QR of this number lives, counted from 0 within a connection. */
export const qrLifetimeMs = (index: number) => (index === 0 ? FIRST_QR_MS : NEXT_QR_MS)

/** The references of an offer to link (`pair-device`): one for each QR. */
export function refsOf(offer: BinaryNode): string[] {
  const refs = getBinaryNodeChildren(getBinaryNodeChild(offer, 'pair-device'), 'ref')
  return refs.map(({ content }) => Buffer.from(content as Uint8Array).toString('utf8'))
}

/** The text of a QR with the present secret: WhatsApp may retire the secret of an open pairing (`companion_reg_refresh`). */
export function qrText(
  ref: string,
  { noiseKey, signedIdentityKey, advSecretKey }: AuthenticationCreds,
): string {
  const base64 = (key: { public: Uint8Array }) => Buffer.from(key.public).toString('base64')
  return buildPairingQRData(ref, base64(noiseKey), base64(signedIdentityKey), advSecretKey, BROWSER)
}

/** Replaces the linking secret; `pair-success` is verified with what is in the credentials at that moment. */
export function renewSecret(creds: AuthenticationCreds): void {
  creds.advSecretKey = randomBytes(32).toString('base64')
}

/** The number that a `pair-success` links; undefined when it does not say. */
export function linkedPhone(pairSuccess: BinaryNode): string | undefined {
  const success = getBinaryNodeChild(pairSuccess, 'pair-success')
  const jid = success && getBinaryNodeChild(success, 'device')?.attrs.jid
  return jid ? phoneOf(jid) : undefined
}

/** The answer that refuses a link, as WhatsApp's own clients refuse one. */
export function pairRefusal(pairSuccess: BinaryNode): BinaryNode {
  return {
    tag: 'iq',
    attrs: {
      to: 's.whatsapp.net',
      type: 'error',
      ...(pairSuccess.attrs.id ? { id: pairSuccess.attrs.id } : {}),
    },
    content: [{ tag: 'error', attrs: { code: '500', text: 'internal-error' } }],
  }
}
