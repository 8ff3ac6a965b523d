/**
 * Tokens for the browser of the person who has the passkey. One names an attempt of one instance, and an attempt takes one assertion: so a
 * token is of use once, without anything being stored. They are signed like access tokens, but for another audience: neither is the other.
 */
import { type InstanceId, WarrenError } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import jwt from 'jsonwebtoken'

export type HelperClaims = {
  readonly organization: string
  readonly instance: InstanceId
  /** Id of the attempt. */
  readonly attempt: string
}

export type HelperTokens = {
  sign(claims: HelperClaims, expiresAt: Date): string
  /** @throws WarrenError `unauthenticated`, `token_expired` */
  verify(authorization: string | undefined): HelperClaims
}

const ALGORITHM = 'HS256'

export function createHelperTokens(options: {
  secret: string
  issuer: string
  audience: string
  clock: Clock
}): HelperTokens {
  const { secret, issuer, clock } = options
  const audience = `${options.audience}/passkey-helper`
  const seconds = (date: Date) => Math.floor(date.getTime() / 1000)

  return {
    sign({ organization, instance, attempt }, expiresAt) {
      const claims = { org: organization, attempt, iat: seconds(clock.now()), exp: seconds(expiresAt) }
      return jwt.sign(claims, secret, { algorithm: ALGORITHM, issuer, audience, subject: instance })
    },
    verify(authorization = '') {
      const [, token = ''] = /^Bearer (\S+)$/i.exec(authorization) ?? []
      try {
        const claims = jwt.verify(token, secret, {
          algorithms: [ALGORITHM],
          issuer,
          audience,
          clockTimestamp: seconds(clock.now()),
        }) as { sub: string; org: string; attempt: string }
        return { organization: claims.org, instance: claims.sub, attempt: claims.attempt }
      } catch (cause) {
        const expired = cause instanceof jwt.TokenExpiredError
        throw new WarrenError(expired ? 'token_expired' : 'unauthenticated', undefined, { cause })
      }
    },
  }
}
