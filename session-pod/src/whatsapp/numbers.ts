/** The question which numbers are on WhatsApp, and its answer. */
import { bareJid, parseJid, WarrenError } from '@warren/contracts'
import { type BinaryNode, USyncQuery, USyncUser } from './baileys.ts'

export type NumberCheck = { phoneNumber: string; exists: boolean; jid?: string; lid?: string }

type Row = { readonly id: string; readonly [protocol: string]: unknown }
/** WhatsApp's word about one number: `type` is `in` or `out`, the content repeats what was asked. */
type Contact = { readonly type: string | undefined; readonly asked: string }

export function numberQuery(phones: readonly string[]): USyncQuery {
  const query = new USyncQuery().withContactProtocol().withLIDProtocol()
  for (const phone of phones) query.withUser(new USyncUser().withPhone(`+${phone}`))
  // Baileys' own reader drops the number that was asked for, and takes every answer but `in` for "not on WhatsApp".
  for (const protocol of query.protocols) if (protocol.name === 'contact') protocol.parser = readContact
  return query
}

function readContact({ attrs, content }: BinaryNode): Contact {
  const asked = content instanceof Uint8Array ? Buffer.from(content).toString() : String(content ?? '')
  return { type: attrs.type, asked: asked.replace(/\D/g, '') }
}

/**
 * One check for each number. WhatsApp answers under its own form of a number (Brazil's ninth digit, Mexico, Argentina).
 * @param list what the query returned; undefined after a timeout
 * @throws WarrenError `dependency_unavailable` when there is no answer for a number: silence does not mean "not on WhatsApp"
 */
export function readNumbers(phones: readonly string[], list: readonly Row[] | undefined): NumberCheck[] {
  return phones.map((phoneNumber) => {
    const only = phones.length === 1 && list?.length === 1 ? list[0] : undefined
    const row =
      list?.find(({ contact }) => (contact as Contact | undefined)?.asked === phoneNumber) ??
      list?.find(({ id }) => parseJid(id)?.user === phoneNumber) ??
      only
    const type = (row?.contact as Contact | undefined)?.type
    if (row && type === 'out') return { phoneNumber, exists: false }
    if (!row || type !== 'in')
      throw new WarrenError('dependency_unavailable', 'WhatsApp did not answer whether the number is known')
    const { id, lid } = row
    const known = typeof lid === 'string' && lid !== '' ? { lid: bareJid(lid) } : {}
    return { phoneNumber, exists: true, jid: bareJid(id), ...known }
  })
}
