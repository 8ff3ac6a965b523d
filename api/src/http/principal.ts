/** Who calls, and what they may do. */
import { type InstanceId, WarrenError } from '@warren/contracts'

/** What an API key can be allowed; a signed-in person may do everything within the organisation. */
export const SCOPES = [
  'organization:read',
  'organization:write',
  'keys:read',
  'keys:write',
  'instances:read',
  'instances:write',
  'messages:read',
  'messages:write',
  'contacts:read',
  'media:read',
  'media:write',
  'events:read',
] as const
export type Scope = (typeof SCOPES)[number]

export type Principal = {
  readonly kind: 'user' | 'key'
  /** Id of the user or of the key. */
  readonly id: string
  readonly organization: string
  readonly scopes: readonly Scope[]
  /** The sign-in that a user's token belongs to. */
  readonly login?: string
  /** The only instance that this key may see. */
  readonly instance?: InstanceId
}

/** What a route asks of its caller. */
type Requirement = {
  readonly scopes: readonly Scope[]
  /** The instance that the path names. */
  readonly instance?: string
  readonly boundKeys: boolean
}

/**
 * @throws WarrenError `forbidden` for a missing scope, `not_found` for an instance that the key is not bound to: its existence is none
 * of the caller's business
 */
export function authorize(principal: Principal, requirement: Requirement): void {
  const missing = requirement.scopes.find((scope) => !principal.scopes.includes(scope))
  if (missing) throw new WarrenError('forbidden', `The token lacks the scope ${missing}.`)
  if (principal.instance === undefined) return
  if (requirement.instance === undefined) {
    if (!requirement.boundKeys)
      throw new WarrenError('forbidden', `The key is bound to the instance ${principal.instance}.`)
  } else if (requirement.instance !== principal.instance) {
    throw new WarrenError('not_found')
  }
}
