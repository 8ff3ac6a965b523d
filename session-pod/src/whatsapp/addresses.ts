import { type Address, addressOf, bareJid, parseJid } from '@warren/contracts'

/** Completes addresses from the mappings that the session has learnt: LID to phone number and back. */
export type AddressBook = {
  /** Both forms, as far as they are known. */
  complete(jid: string, alternative?: string): Address
}

/** @param get reads a value of the session's state */
export function createAddressBook(get: (type: string, id: string) => unknown): AddressBook {
  const mapped = (id: string) => {
    const value = get('lid-mapping', id)
    return typeof value === 'string' ? value : undefined
  }
  return {
    complete(jid, alternative) {
      const address = addressOf(jid, alternative)
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
