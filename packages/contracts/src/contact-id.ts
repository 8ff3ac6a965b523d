/** The id of a contact, which API and session pod know without asking one another. */
import { createHash } from 'node:crypto'
import type { SessionKey } from './ids.ts'

/**
 * The id of the person who is filed under this key in one instance: a UUID of version 8 (RFC 9562, section 5.8) from a digest. It tells
 * nothing of the key, and the same person of two instances has two.
 *
 * @param key the hidden id (LID) where it is known, else the phone number, as JIDs
 * @param former how many owners the number had before, as far as is known: a number that is given to somebody else is another contact
 */
export function contactIdOf(session: SessionKey, key: string, former = 0): string {
  const bytes = createHash('sha256').update(`contact\0${session}\0${key}\0${former}`).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

const CONTACT_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

export function isContactId(text: string): boolean {
  return CONTACT_ID.test(text)
}
