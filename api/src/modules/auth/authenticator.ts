import { WarrenError } from '@warren/contracts'
import type { Principal } from '../../http/index.ts'
import { KEY_PREFIX, type KeyService } from '../keys/index.ts'
import type { AuthService } from './service.ts'

/**
 * Who an `Authorization` header belongs to.
 * @throws WarrenError `unauthenticated`, `token_expired`
 */
export type Authenticate = (authorization: string | undefined) => Promise<Principal>

/** One header for both kinds of token; the prefix of API keys tells them apart. */
export function createAuthenticator(auth: AuthService, keys: KeyService): Authenticate {
  return async (authorization) => {
    const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
    if (!token) throw new WarrenError('unauthenticated')
    return token.startsWith(KEY_PREFIX) ? keys.authenticate(token) : auth.authenticate(`Bearer ${token}`)
  }
}
