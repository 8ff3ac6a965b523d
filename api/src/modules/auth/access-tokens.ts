/** Access tokens: short-lived JWTs, signed and checked with one algorithm, issuer and audience. */
import { WarrenError } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import jwt from 'jsonwebtoken'
import passport from 'passport'
import { ExtractJwt, Strategy } from 'passport-jwt'

export type AccessClaims = {
  /** The user. */
  readonly sub: string
  readonly org: string
  /** The sign-in, so that signing out ends the token before its time. */
  readonly sid: string
}

export type AccessTokens = {
  /** Life of a token, in seconds. */
  readonly seconds: number
  sign(claims: AccessClaims): string
  /** @throws WarrenError `unauthenticated`, `token_expired` */
  verify(authorization: string): Promise<AccessClaims>
}

const ALGORITHM = 'HS256'

export function createAccessTokens(options: {
  secret: string
  issuer: string
  audience: string
  seconds: number
  clock: Clock
}): AccessTokens {
  const { secret, issuer, audience, seconds, clock } = options
  // An authenticator of its own: passport's default export is shared by the whole process.
  const authenticator = new passport.Passport()
  authenticator.use(
    new Strategy(
      {
        jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
        secretOrKey: secret,
        algorithms: [ALGORITHM],
        issuer,
        audience,
      },
      (claims: AccessClaims, done: (error: unknown, user: AccessClaims) => void) => done(null, claims),
    ),
  )

  return {
    seconds,
    sign({ sub, org, sid }) {
      const issuedAt = Math.floor(clock.now().getTime() / 1000)
      const claims = { org, sid, iat: issuedAt, exp: issuedAt + seconds }
      return jwt.sign(claims, secret, { algorithm: ALGORITHM, issuer, audience, subject: sub })
    },
    verify(authorization) {
      const { promise, resolve, reject } = Promise.withResolvers<AccessClaims>()
      const settle = (error: unknown, claims?: AccessClaims | false | null, info?: unknown) => {
        if (error) reject(error)
        else if (claims) resolve(claims)
        else {
          const expired = info instanceof jwt.TokenExpiredError
          reject(new WarrenError(expired ? 'token_expired' : 'unauthenticated', undefined, { cause: info }))
        }
      }
      const middleware = authenticator.authenticate('jwt', { session: false }, settle)
      middleware({ headers: { authorization } }, {}, reject)
      return promise
    },
  }
}
