/** Numbers and addresses of a run: phones that are linked, and contacts that everyone writes to. */
import { jidOfPhone } from '@warren/contracts'

export const CONTACTS = Array.from({ length: 20 }, (_, index) => String(4_917_700_000_000 + index))

export const jidOf = jidOfPhone

let phones = 0

/** A number that no session of this run has. */
export function newAccount(): string {
  return String(4_915_100_000_000 + phones++)
}
