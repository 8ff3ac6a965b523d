/** The notice that a contact has another number. */
import { addressOf } from '@warren/contracts'
import { type BinaryNode, getBinaryNodeChild } from './baileys.ts'

/**
 * The pair that holds from now on; undefined where the notice tells no LID, and of other notices about contacts. Stanza: `notification
 * type=contacts` with `modify old new old_lid new_lid`, as WhatsApp's own clients read it; Baileys only acknowledges it.
 */
export function readNumberChange(stanza: BinaryNode): { pn: string; lid: string } | undefined {
  const modify = getBinaryNodeChild(stanza, 'modify')
  if (!modify?.attrs.new) return undefined
  const { pn, lid } = addressOf(modify.attrs.new, modify.attrs.new_lid)
  return pn && lid ? { pn, lid } : undefined
}
