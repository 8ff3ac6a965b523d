/**
 * Ids that cross process boundaries. All are strings that are safe in a URL path, a Redis channel and a Mongo `_id`.
 */

/** `<namespace>.<name>` of the WhatsAppInstance. A namespace has no dot, so the first one separates the two. */
export type InstanceId = string

/** The namespaced name of a resource. */
export type ResourceKey = { readonly namespace: string; readonly name: string }

/** The stable id of an instance: the same for kubectl, REST, events and the databases. */
export function instanceIdOf(key: ResourceKey): InstanceId {
  return `${key.namespace}.${key.name}`
}

/** The inverse of {@link instanceIdOf}; undefined when the text is not an instance id. */
export function parseInstanceId(id: string): ResourceKey | undefined {
  const match = /^([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)\.([a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9])?)$/.exec(id)
  if (!match?.[1] || !match[2]) return undefined
  return { namespace: match[1], name: match[2] }
}

/**
 * Names the stored session of an instance, `<organisation>/<instance>`. The organisation is part of the name and not a filter beside it:
 * when a name is freed and applied again by another organisation, that one finds no session, and nobody can ask for a session without
 * saying whose.
 */
export type SessionKey = `${string}/${InstanceId}`

export function sessionKeyOf(owner: {
  readonly organization: string
  readonly instance: InstanceId
}): SessionKey {
  return `${owner.organization}/${owner.instance}`
}

/** The inverse of {@link sessionKeyOf}; undefined when the text is no session key. */
export function parseSessionKey(text: string): { organization: string; instance: InstanceId } | undefined {
  const [organization, instance, ...rest] = text.split('/')
  return organization && instance && rest.length === 0 ? { organization, instance } : undefined
}

/** Ids of organisations are slugs: DNS labels of at most 40 characters, since they are also label values in Kubernetes. */
export const ORGANIZATION_PATTERN = '^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$'

/**
 * WhatsApp's id of a message. Warren chooses it when a request is accepted and keeps it on every retry, so that a message cannot be
 * sent twice under two ids. The form is the one of linked devices: `3EB0` and 18 hexadecimal digits (Baileys generateMessageIDV2).
 *
 * @param random nine random bytes
 */
export function messageIdFrom(random: Uint8Array): string {
  if (random.length !== 9) throw new RangeError(`a message id takes 9 random bytes, not ${random.length}`)
  return `3EB0${Buffer.from(random).toString('hex').toUpperCase()}`
}
