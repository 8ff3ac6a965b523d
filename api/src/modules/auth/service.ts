import { createHash } from 'node:crypto'
import { WarrenError } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { Ids } from '@warren/runtime/ids'
import type { Logger } from '@warren/runtime/logger'
import { type Principal, SCOPES } from '../../http/index.ts'
import { createTtlCache } from '../../platform/index.ts'
import type { Organization, OrganizationService } from '../organizations/index.ts'
import type { AccessTokens } from './access-tokens.ts'
import type { Login, LoginRepo } from './logins-repo.ts'
import type { CreateOwner, Registration } from './owners.ts'
import type { Passwords } from './passwords.ts'
import type { User, UserRepo } from './users-repo.ts'

/** A person, the organisation, and the tokens of one sign-in. */
export type SignedIn = {
  readonly user: User
  readonly organization: Organization
  readonly tokens: Tokens
}
export type Tokens = { readonly access: string; readonly refresh: string; readonly expiresInSeconds: number }

export type AuthService = {
  /** @throws WarrenError `signup_closed`, `already_exists` */
  register(registration: Registration): Promise<SignedIn>
  /** @throws WarrenError `invalid_credentials` */
  login(email: string, password: string): Promise<SignedIn>
  /**
   * Exchanges a refresh token for a new pair. A token that was exchanged before has been copied: the whole sign-in ends.
   * @throws WarrenError `unauthenticated`
   */
  refresh(token: string): Promise<Tokens>
  logout(principal: Principal): Promise<void>
  /** @throws WarrenError `unauthenticated`, `token_expired` */
  authenticate(authorization: string): Promise<Principal>
  user(principal: Principal): Promise<User | null>
}

/** How long an access token may outlive its sign-in at another replica. */
const CACHE_MS = 5_000
const REFRESH_PREFIX = 'wrr_'

export function createAuthService(deps: {
  users: UserRepo
  logins: LoginRepo
  organizations: OrganizationService
  createOwner: CreateOwner
  passwords: Passwords
  accessTokens: AccessTokens
  /** How long a sign-in lasts, however often its token is exchanged. */
  refreshSeconds: number
  allowSignup: boolean
  /** Told `login:<id>` when a sign-in ends before its time. */
  onEnded: (caller: string) => void
  clock: Clock
  ids: Ids
  logger: Logger
}): AuthService {
  const { users, logins, organizations, passwords, accessTokens, clock, ids, logger } = deps
  const alive = createTtlCache<boolean>(clock, CACHE_MS)

  const tokensOf = (login: Login, secret: string): Tokens => ({
    access: accessTokens.sign({ sub: login.user, org: login.organization, sid: login._id }),
    refresh: `${REFRESH_PREFIX}${login._id}.${secret}`,
    expiresInSeconds: accessTokens.seconds,
  })

  async function signIn(user: User): Promise<Tokens> {
    const secret = ids.newSecret(32)
    const login: Login = {
      _id: ids.newId('login'),
      organization: user.organization,
      user: user._id,
      secretHash: hashOf(secret),
      formerHashes: [],
      createdAt: clock.now(),
      expiresAt: new Date(clock.now().getTime() + deps.refreshSeconds * 1000),
    }
    await logins.insert(login)
    return tokensOf(login, secret)
  }

  async function end(login: Pick<Login, '_id' | 'organization'>): Promise<void> {
    await logins.revoke(login.organization, login._id, clock.now())
    alive.forget(login._id)
    deps.onEnded(`login:${login._id}`)
  }

  return {
    async register(registration) {
      if (!deps.allowSignup)
        throw new WarrenError(
          'signup_closed',
          'Whoever runs it opens it with ALLOW_SIGNUP=true, or makes owners.',
        )
      const options = { plan: 'starter', mayTakeOver: false } as const
      const { user, organization } = await deps.createOwner(registration, options)
      return { user, organization, tokens: await signIn(user) }
    },

    async login(email, password) {
      const user = await users.byEmail(email)
      const right = await passwords.matches(password, user?.passwordHash)
      if (!user || !right) throw new WarrenError('invalid_credentials')
      const organization = await organizations.get(user.organization)
      return { user, organization, tokens: await signIn(user) }
    },

    async refresh(token) {
      const match = /^wrr_(login_[0-9A-Z]{26})\.([\w-]{1,128})$/.exec(token)
      const [, id, given] = match ?? []
      if (!id || !given) throw new WarrenError('unauthenticated')
      const secret = ids.newSecret(32)
      const rotated = await logins.rotate(id, hashOf(given), hashOf(secret), clock.now())
      if (rotated) return tokensOf(rotated, secret)
      const login = await logins.byId(id)
      // Whoever only knows the id of a sign-in, which stands in each access token, must not be able to end it.
      if (login && !login.revokedAt && login.formerHashes.includes(hashOf(given))) {
        logger.warn('a refresh token was used twice; its sign-in has ended', { user: login.user, login: id })
        await end(login)
      }
      throw new WarrenError('unauthenticated')
    },

    async logout(principal) {
      if (principal.login) await end({ _id: principal.login, organization: principal.organization })
    },

    async authenticate(authorization) {
      const { sub, org, sid } = await accessTokens.verify(authorization)
      const valid = await alive.get(sid, async () => {
        const login = await logins.byId(sid)
        return login !== null && login.revokedAt === undefined && login.organization === org
      })
      if (!valid) throw new WarrenError('unauthenticated')
      return { kind: 'user', id: sub, organization: org, scopes: SCOPES, login: sid }
    },

    user: (principal) =>
      principal.kind === 'user' ? users.get(principal.organization, principal.id) : Promise.resolve(null),
  }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
