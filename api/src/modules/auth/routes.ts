import { createHash } from 'node:crypto'
import { type BoundRoute, bind, bindPublic, type RateLimiter } from '../../http/index.ts'
import { type OrganizationService, presentOrganization } from '../organizations/index.ts'
import { login, logout, me, refresh, register } from './contract.ts'
import { presentSignedIn, presentTokens, presentUser } from './present.ts'
import type { AuthService } from './service.ts'

export function authRoutes(
  auth: AuthService,
  organizations: OrganizationService,
  limiter: RateLimiter,
): BoundRoute[] {
  return [
    bindPublic(register, async ({ body }) => presentSignedIn(await auth.register(body))),
    bindPublic(login, async ({ body }) => {
      // Many addresses may guess at one account; its name is nothing for Redis.
      await limiter.take('account', createHash('sha256').update(body.email).digest('hex'))
      return presentSignedIn(await auth.login(body.email, body.password))
    }),
    bindPublic(refresh, async ({ body }) => presentTokens(await auth.refresh(body.refreshToken))),
    bind(logout, ({ principal }) => auth.logout(principal)),
    bind(me, async ({ principal }) => {
      const [user, organization] = await Promise.all([
        auth.user(principal),
        organizations.get(principal.organization),
      ])
      const { kind, id, scopes, instance } = principal
      return {
        kind,
        id,
        scopes,
        ...(instance ? { instance } : {}),
        ...(user ? { user: presentUser(user) } : {}),
        organization: presentOrganization(organization),
      }
    }),
  ]
}
