import { createHash } from 'node:crypto'
import { jidDecode, jidEncode } from '@whiskeysockets/baileys'

/** The two forms in which WhatsApp names a user: by phone number or by LID. */
export type Addressing = 'pn' | 'lid'

/** One device of one user. Device 0 is the phone, others are companions. */
export interface DeviceAddress {
  number: string
  device: number
}

export const deviceKey = ({ number, device }: DeviceAddress): string => `${number}:${device}`

/**
 * The LID user part of a number: 15 digits that depend on nothing but the number, so that it is the same in every run.
 * Two of a million numbers share one with a probability below 1 %; the directory gives the second another.
 */
export const lidOf = (number: string): string => {
  const digest = createHash('sha256').update(`lid:${number}`).digest()
  const spread = digest.readBigUInt64BE(0) % 900_000_000_000_000n
  return String(100_000_000_000_000n + spread)
}

export const pnJid = (number: string, device?: number): string =>
  jidEncode(number, 's.whatsapp.net', device || undefined)

export const lidJid = (lid: string, device?: number): string => jidEncode(lid, 'lid', device || undefined)

export interface ParsedJid {
  user: string
  device: number
  addressing: Addressing
}

/** Reads a user or device JID; undefined for groups, broadcasts and anything else that is not a person. */
export const parseJid = (jid: string | undefined): ParsedJid | undefined => {
  const decoded = jidDecode(jid)
  if (!decoded?.user) return undefined
  if (decoded.server === 'lid') return { user: decoded.user, device: decoded.device ?? 0, addressing: 'lid' }
  if (decoded.server === 's.whatsapp.net' || decoded.server === 'c.us') {
    return { user: decoded.user, device: decoded.device ?? 0, addressing: 'pn' }
  }
  return undefined
}
