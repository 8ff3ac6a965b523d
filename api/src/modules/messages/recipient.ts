/** Whom a message is for, in the ways people write it. */
import { bareJid, jidOfPhone, WarrenError } from '@warren/contracts'
import { parsePhoneNumberFromString } from 'libphonenumber-js'

/** A person under the phone number (with or without a device) or the hidden id, or a group. What is written into a stanza has no other form. */
const RECIPIENT =
  /^(?:[1-9]\d{4,19}(?::\d{1,4})?@(?:s\.whatsapp\.net|c\.us)|\d{1,20}(?::\d{1,4})?@lid|\d[\d-]{4,39}@g\.us)$/
const PHONE = /^\+?[\d\s().-]{5,40}$/

/**
 * The JID of a phone number (international, with or without plus, spaces or dashes) or of a JID of a person or group.
 * @param field where it stood, for the error
 * @throws WarrenError `validation_failed`
 */
export function recipientJid(text: string, field: string): string {
  if (text.includes('@')) {
    if (RECIPIENT.test(text)) return bareJid(text)
    throw invalid(field, 'must be a phone number, or the JID of a person or group')
  }
  const number = PHONE.test(text)
    ? parsePhoneNumberFromString(text.startsWith('+') ? text : `+${text}`)
    : undefined
  if (!number?.isPossible()) throw invalid(field, 'must be an international phone number')
  return jidOfPhone(number.number)
}

function invalid(field: string, rule: string): WarrenError {
  const message = `"${field.split('.').at(-1)}" ${rule}`
  return new WarrenError('validation_failed', message, { details: { fields: [{ path: field, message }] } })
}
