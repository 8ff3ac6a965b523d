import type { Clock } from '@warren/runtime/clock'
import type { Ids } from '@warren/runtime/ids'
import type { Organization, OrganizationService, Plan } from '../organizations/index.ts'
import type { Passwords } from './passwords.ts'
import type { User, UserRepo } from './users-repo.ts'

export type Registration = {
  readonly email: string
  readonly password: string
  readonly organization: string
  readonly name?: string
}

export type OwnerOptions = {
  readonly plan: Plan
  /** Instances of the organisation may exist already, made by someone with a kubeconfig: they are the owner's from now on. */
  readonly mayTakeOver: boolean
}

/** @throws WarrenError `already_exists` when the e-mail address is registered */
export type CreateOwner = (
  registration: Registration,
  options: OwnerOptions,
) => Promise<{ user: User; organization: Organization }>

/** Makes an organisation and its first user. */
export function createOwners(deps: {
  readonly users: UserRepo
  readonly organizations: Pick<OrganizationService, 'create' | 'remove'>
  readonly passwords: Passwords
  readonly clock: Clock
  readonly ids: Ids
}): CreateOwner {
  const { users, organizations, passwords, clock, ids } = deps

  return async ({ email, password, name, organization: wanted }, options) => {
    const passwordHash = await passwords.hash(password)
    const organization = await organizations.create(wanted, options)
    const user: User = {
      _id: ids.newId('user'),
      organization: organization._id,
      email: email.toLowerCase(),
      ...(name === undefined ? {} : { name }),
      passwordHash,
      createdAt: clock.now(),
    }
    try {
      await users.insert(user)
    } catch (error) {
      await organizations.remove(organization._id)
      throw error
    }
    return { user, organization }
  }
}
