import { type Address, addressOf, bareJid, parseJid } from '@warren/contracts'

/** Who we are, as far as it is known. */
export type OwnIds = () => { pn?: string; lid?: string }

/** Completes addresses from the mappings that the session has learnt: LID to phone number and back. */
export type AddressBook = {
  /**
   * Both forms, as far as they are known.
   * @param alternative the other form, as the same stanza has it; left aside where the two cannot be one person
   */
  complete(jid: string, alternative?: string): Address
}

/** @param get reads a value of the session's state */
export function createAddressBook(
  get: (type: string, id: string) => unknown,
  own: OwnIds = () => ({}),
): AddressBook {
  const mapped = (id: string) => {
    const value = get('lid-mapping', id)
    return typeof value === 'string' ? value : undefined
  }
  return {
    complete(jid, alternative) {
      const address = addressOf(
        jid,
        alternative && isOtherForm(jid, alternative, own()) ? alternative : undefined,
      )
      const parsed = parseJid(bareJid(jid))
      if (parsed?.kind === 'pn' && !address.lid) {
        const lid = mapped(parsed.user)
        if (lid) address.lid = `${lid}@lid`
      }
      if (parsed?.kind === 'lid' && !address.pn) {
        const pn = mapped(`${parsed.user}_reverse`)
        if (pn) address.pn = `${pn}@s.whatsapp.net`
      }
      return address
    },
  }
}

function isOtherForm(jid: string, alternative: string, own: ReturnType<OwnIds>): boolean {
  const forms = [jid, alternative].map((form) => parseJid(form)?.kind)
  if (!forms.includes('pn') || !forms.includes('lid')) return false
  return isTrustworthyPair({ lid: alternative, pn: jid }, own)
}

/**
 * Whether a pair of addresses may be believed. Baileys takes the address of the sender for that of the partner in echoes of own messages
 * (`extractAddressingContext` prefers `sender_*`), and would file a contact under our own hidden id.
 */
export function isTrustworthyPair(
  pair: { lid: string; pn: string },
  own: { pn?: string; lid?: string },
): boolean {
  const { lid, pn } = addressOf(pair.lid, pair.pn)
  if (!lid || !pn) return true
  const ownLid = own.lid ? addressOf(own.lid).lid : undefined
  const ownPn = own.pn ? addressOf(own.pn).pn : undefined
  return (lid === ownLid) === (pn === ownPn) || !ownLid || !ownPn
}
