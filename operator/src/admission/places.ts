import type { WhatsAppInstance } from '@warren/contracts'
import { queueKeyOf } from '../resource-key.ts'
import { admittedOf, type Place } from './admitted-of.ts'

/** All instances by organisation, so that a decision about one costs the same however many others there are. */
export type Places = {
  /** Takes note of an instance that exists. */
  observe(instance: WhatsAppInstance): void
  /** The instance is gone. Returns its organisation, undefined when it was not known. */
  forget(key: string): string | undefined
  /** Whether the session was told to run. */
  holds(instance: WhatsAppInstance): boolean
  isAdmitted(instance: WhatsAppInstance, limit: number): boolean
  /** The session is told to run, or is not to run any more. Returns whether that is a change. */
  hold(instance: WhatsAppInstance, holds: boolean): boolean
  /** Notes that an instance waits for a place. */
  wait(instance: WhatsAppInstance): void
  /** Keys of those that wait and would be admitted with this limit. */
  admissible(organization: string, limit: number): readonly string[]
  /** Organisations in which somebody waits. */
  crowded(): readonly string[]
  /** How many instances an organisation has. */
  count(organization: string): number
  /** How many wait, in all. */
  waiting(): number
}

type Organization = {
  readonly places: Map<string, Place>
  readonly waiting: Set<string>
  holders: number
  /** With the limit that it was made for; holding a place that was admitted does not change it. */
  admitted: { readonly limit: number; readonly uids: ReadonlySet<string> } | undefined
}

export function createPlaces(): Places {
  const organizations = new Map<string, Organization>()
  const organizationOf = new Map<string, string>()

  function of(name: string): Organization {
    const known = organizations.get(name)
    if (known) return known
    const made: Organization = { places: new Map(), waiting: new Set(), holders: 0, admitted: undefined }
    organizations.set(name, made)
    return made
  }

  function forget(key: string): string | undefined {
    const name = organizationOf.get(key)
    const organization = name === undefined ? undefined : organizations.get(name)
    if (name === undefined || !organization) return undefined
    organizationOf.delete(key)
    if (organization.places.get(key)?.holds) organization.holders -= 1
    organization.places.delete(key)
    organization.waiting.delete(key)
    organization.admitted = undefined
    if (organization.places.size === 0) organizations.delete(name)
    return name
  }

  function observe({ metadata, spec }: WhatsAppInstance): void {
    const key = queueKeyOf(metadata)
    const known = organizationOf.get(key)
    if (known !== undefined && of(known).places.get(key)?.uid === metadata.uid) return
    // Another instance has taken over the name.
    forget(key)
    const organization = of(spec.organization)
    const { uid, creationTimestamp } = metadata
    organization.places.set(key, { uid, creationTimestamp, holds: false })
    organization.admitted = undefined
    organizationOf.set(key, spec.organization)
  }

  function isAdmitted({ metadata, spec }: WhatsAppInstance, limit: number): boolean {
    const organization = of(spec.organization)
    const place = organization.places.get(queueKeyOf(metadata))
    if (place?.holds || organization.places.size <= limit) return true
    if (organization.holders >= limit) return false
    if (organization.admitted?.limit !== limit)
      organization.admitted = { limit, uids: admittedOf(organization.places.values(), limit) }
    return organization.admitted.uids.has(metadata.uid)
  }

  return {
    observe,
    forget,
    holds: ({ metadata, spec }) =>
      organizations.get(spec.organization)?.places.get(queueKeyOf(metadata))?.holds === true,
    isAdmitted,
    hold({ metadata, spec }, holds) {
      const key = queueKeyOf(metadata)
      const organization = of(spec.organization)
      const place = organization.places.get(key)
      organization.waiting.delete(key)
      if (!place || place.holds === holds) return false
      if (!holds || !organization.admitted?.uids.has(place.uid)) organization.admitted = undefined
      organization.places.set(key, { ...place, holds })
      organization.holders += holds ? 1 : -1
      return true
    },
    wait({ metadata, spec }) {
      of(spec.organization).waiting.add(queueKeyOf(metadata))
    },
    admissible(name, limit) {
      const organization = organizations.get(name)
      if (!organization?.waiting.size || organization.holders >= limit) return []
      const admitted = admittedOf(organization.places.values(), limit)
      return [...organization.waiting].filter((key) => admitted.has(organization.places.get(key)?.uid ?? ''))
    },
    crowded: () => [...organizations].flatMap(([name, { waiting }]) => (waiting.size > 0 ? [name] : [])),
    count: (name) => organizations.get(name)?.places.size ?? 0,
    waiting: () => [...organizations.values()].reduce((sum, { waiting }) => sum + waiting.size, 0),
  }
}
