/** Whom everyone writes to. */
import { jidOfPhone } from '@warren/contracts'

export const CONTACTS = Array.from({ length: 20 }, (_, index) => String(4_917_700_000_000 + index))

export const jidOf = jidOfPhone
