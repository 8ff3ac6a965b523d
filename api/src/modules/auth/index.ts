/** People: registration, sign-in, and who a bearer token belongs to. */
import type { ApiModule, RateLimiter } from '../../http/index.ts'
import type { OrganizationService } from '../organizations/index.ts'
import { authRoutes } from './routes.ts'
import type { AuthService } from './service.ts'

export { createAccessTokens } from './access-tokens.ts'
export { type Authenticate, createAuthenticator } from './authenticator.ts'
export { registrationSchema } from './contract.ts'
export { createLoginRepo } from './logins-repo.ts'
export { type CreateOwner, createOwners, type Registration } from './owners.ts'
export { createPasswords } from './passwords.ts'
export { type AuthService, createAuthService } from './service.ts'
export { createUserRepo } from './users-repo.ts'

export function createAuthModule(
  auth: AuthService,
  organizations: OrganizationService,
  limiter: RateLimiter,
): ApiModule {
  return { name: 'auth', routes: authRoutes(auth, organizations, limiter) }
}
