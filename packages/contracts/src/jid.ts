/**
 * WhatsApp addresses (JIDs). A person has two: the phone number (`4915…@s.whatsapp.net`, "PN") and the hidden id (`1234…@lid`, "LID").
 * The same chat arrives under either, so everything keyed by a person goes through {@link Address}.
 */

/** What kind of chat an address names. */
export type JidKind = 'pn' | 'lid' | 'group' | 'newsletter' | 'status' | 'other'

/** A JID without its device part. */
export type ParsedJid = {
  readonly user: string
  readonly server: string
  readonly device: number
  readonly kind: JidKind
}

/**
 * Both forms of one address, as far as they are known. `jid` is the form in which it arrived, `username` the name by which the person
 * wants to be found, where WhatsApp told one. A username is nobody's key: it can be changed, and taken by somebody else then.
 */
export type Address = { jid: string; lid?: string; pn?: string; username?: string }

const KINDS: Readonly<Record<string, JidKind>> = {
  's.whatsapp.net': 'pn',
  'c.us': 'pn',
  hosted: 'pn',
  lid: 'lid',
  'hosted.lid': 'lid',
  'g.us': 'group',
  newsletter: 'newsletter',
  broadcast: 'status',
}

/** Parses `user[_agent][:device]@server`; undefined when the text is not a JID. */
export function parseJid(text: string): ParsedJid | undefined {
  const match = /^([^@:]*)(?::(\d+))?@([a-z.]+)$/.exec(text)
  if (!match || match[1] === undefined || match[3] === undefined) return undefined
  const user = match[1].replace(/_\d+$/, '')
  return { user, server: match[3], device: Number(match[2] ?? 0), kind: KINDS[match[3]] ?? 'other' }
}

/** The JID of the person or chat: device, agent and historical server names removed. Returns the text as it is when it is no JID. */
export function bareJid(text: string): string {
  const jid = parseJid(text)
  if (!jid) return text
  if (jid.kind === 'pn') return `${jid.user}@s.whatsapp.net`
  if (jid.kind === 'lid') return `${jid.user}@lid`
  return `${jid.user}@${jid.server}`
}

/** Sorts one or two forms of a person's address into {@link Address}; forms that are neither PN nor LID stay in `jid` alone. */
export function addressOf(jid: string, alternative?: string): Address {
  const address: Address = { jid: bareJid(jid) }
  for (const form of [jid, alternative]) {
    if (!form) continue
    const kind = parseJid(form)?.kind
    if (kind === 'lid') address.lid = bareJid(form)
    if (kind === 'pn') address.pn = bareJid(form)
  }
  return address
}

/** The key under which a chat is filed: the LID when it is known, since WhatsApp keeps it when a number changes. */
export function canonicalJid(address: Address): string {
  return address.lid ?? address.pn ?? address.jid
}

/** The international number without plus, from a PN JID; undefined for every other kind. */
export function phoneOf(jid: string): string | undefined {
  const parsed = parseJid(jid)
  return parsed?.kind === 'pn' ? parsed.user : undefined
}

/** The JID of a phone number in any writing (`+49 151 …`, `0049…` is not resolved); digits only are kept. */
export function jidOfPhone(phone: string): string {
  return `${phone.replace(/\D/g, '')}@s.whatsapp.net`
}

/** What is written into a stanza as a recipient has no other form: a person under the phone number or the hidden id, or a group. */
const RECIPIENT =
  /^(?:[1-9]\d{4,19}(?::\d{1,4})?@(?:s\.whatsapp\.net|c\.us)|\d{1,20}(?::\d{1,4})?@lid|\d[\d-]{4,39}@g\.us)$/
const PHONE = /^\+?[\d\s().-]{5,40}$/

/**
 * Whom a message is for, in the ways people write it: an international phone number (with or without plus, spaces or dashes), or the
 * JID of a person (with or without a device) or a group. Undefined for anything else. Whether the number can exist is not looked at.
 */
export function recipientJidOf(text: string): string | undefined {
  if (RECIPIENT.test(text)) return bareJid(text)
  const digits = PHONE.test(text) ? text.replace(/\D/g, '') : ''
  return /^[1-9]\d{4,19}$/.test(digits) ? jidOfPhone(digits) : undefined
}
