import { presentOrganization } from '../organizations/index.ts'
import type { SignedIn, Tokens } from './service.ts'
import type { User } from './users-repo.ts'

export function presentUser(user: User) {
  return {
    id: user._id,
    email: user.email,
    ...(user.name === undefined ? {} : { name: user.name }),
    createdAt: user.createdAt.toISOString(),
  }
}

export function presentTokens(tokens: Tokens) {
  return {
    accessToken: tokens.access,
    refreshToken: tokens.refresh,
    tokenType: 'Bearer',
    expiresIn: tokens.expiresInSeconds,
  }
}

export function presentSignedIn({ user, organization, tokens }: SignedIn) {
  return {
    ...presentTokens(tokens),
    user: presentUser(user),
    organization: presentOrganization(organization),
  }
}
