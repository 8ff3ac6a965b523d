/** Whom a message is for, in the ways people write it. */
import { jidOfPhone, recipientJidOf, WarrenError } from '@warren/contracts'
import { parsePhoneNumberFromString } from 'libphonenumber-js'

/**
 * The JID of a phone number (international, with or without plus, spaces or dashes) or of a JID of a person or group.
 * @param field where it stood, for the error
 * @throws WarrenError `validation_failed`
 */
export function recipientJid(text: string, field: string): string {
  const jid = recipientJidOf(text)
  if (text.includes('@')) {
    if (jid) return jid
    throw invalid(field, 'must be a phone number, or the JID of a person or group')
  }
  const number = jid ? parsePhoneNumberFromString(text.startsWith('+') ? text : `+${text}`) : undefined
  if (!number?.isPossible()) throw invalid(field, 'must be an international phone number')
  return jidOfPhone(number.number)
}

function invalid(field: string, rule: string): WarrenError {
  const message = `"${field.split('.').at(-1)}" ${rule}`
  return new WarrenError('validation_failed', message, { details: { fields: [{ path: field, message }] } })
}
