/** Where an address belongs. Pure. */
import {
  type Address,
  canonicalJid,
  contactIdOf,
  type InstanceId,
  parseJid,
  sessionKeyOf,
} from '@warren/contracts'
import { type Facts, NOW } from './facts.ts'
import type { IdentityDoc, IdentitySource } from './repo.ts'

/** The forms of one person's address. */
export type Forms = { readonly lid?: string; readonly pn?: string }

export type Filed = {
  /** What read models are keyed by. */
  readonly key: string
  /** The forms as they were at the journal position. */
  readonly told: Forms
  /** The forms that hold now. */
  readonly current: Forms
  /** Since when, and by what, the present pair is known. */
  readonly mapping?: { readonly source: IdentitySource; readonly at: Date }
  /** Id of the contact; absent for what is no person. */
  readonly contact?: string
}

/** Files an address as it was told at a journal position. */
export function fileAddress(
  scope: { readonly organization: string; readonly instance: InstanceId },
  facts: Facts<IdentityDoc>,
  address: Address,
  seq: number,
): Filed {
  const lid = address.lid ?? (address.pn === undefined ? undefined : facts.ofNumber(address.pn, seq)?.lid)
  const key = lid ?? canonicalJid(address)
  const pn = address.pn ?? (lid === undefined ? undefined : facts.ofLid(lid, seq)?.pn)
  const present = lid === undefined ? undefined : facts.ofLid(lid, NOW)
  const kind = parseJid(key)?.kind
  const former = lid === undefined && pn !== undefined ? facts.formerOwners(pn, seq) : 0
  return {
    key,
    told: formsOf(lid, pn),
    current: lid === undefined ? formsOf(undefined, pn) : formsOf(lid, present?.pn),
    ...(present ? { mapping: { source: present.source, at: present.at } } : {}),
    ...(kind === 'pn' || kind === 'lid' ? { contact: contactIdOf(sessionKeyOf(scope), key, former) } : {}),
  }
}

function formsOf(lid: string | undefined, pn: string | undefined): Forms {
  return { ...(lid === undefined ? {} : { lid }), ...(pn === undefined ? {} : { pn }) }
}
