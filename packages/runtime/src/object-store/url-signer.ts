import { createHmac } from 'node:crypto'
import type { Clock } from '../clock/index.ts'
import { constantTimeEqual } from '../crypto/index.ts'

const MAX_EXPIRES_SECONDS = 7 * 24 * 3600

export type SignedUrl = { key: string; params: Readonly<Record<string, string>> }

export type UrlSigner = {
  sign(method: 'GET' | 'PUT', key: string, expiresSeconds: number, params: Record<string, string>): string
  /** The key and parameters of a path with query below the base URL, or why it is not accepted. */
  verify(method: 'GET' | 'PUT', pathAndQuery: string): SignedUrl | 'malformed' | 'expired' | 'forged'
}

/**
 * URLs that carry their own permission: method, key, parameters and expiry under an HMAC. `baseUrl` is where the handler is
 * reached from outside, `signingKey` at least 32 secret bytes, the same in all processes.
 */
export function createUrlSigner(options: {
  baseUrl: string
  signingKey: Uint8Array
  clock: Clock
}): UrlSigner {
  const { signingKey, clock } = options
  if (signingKey.byteLength < 32) throw new RangeError('a signing key has at least 32 bytes')
  const baseUrl = options.baseUrl.replace(/\/+$/, '')

  function signature(method: string, key: string, query: URLSearchParams): string {
    query.sort()
    // As JSON, so that nothing can move from one field to another.
    const text = JSON.stringify(['warren/blob/v1', method, key, [...query]])
    return createHmac('sha256', signingKey).update(text).digest('base64url')
  }

  return {
    sign(method, key, expiresSeconds, params) {
      if (!(expiresSeconds > 0 && expiresSeconds <= MAX_EXPIRES_SECONDS))
        throw new RangeError('a signed URL is valid for 1 second to 7 days')
      const expires = Math.ceil(clock.now().getTime() / 1000 + expiresSeconds)
      const query = new URLSearchParams({ ...params, expires: String(expires) })
      const signed = signature(method, key, query)
      const path = key.split('/').map(encodeURIComponent).join('/')
      return `${baseUrl}/${path}?${query}&signature=${signed}`
    },

    verify(method, pathAndQuery) {
      let url: URL
      let key: string
      try {
        url = new URL(pathAndQuery, 'http://localhost')
        key = decodeURIComponent(url.pathname.slice(1))
      } catch {
        return 'malformed'
      }
      const query = url.searchParams
      const given = query.get('signature') ?? ''
      query.delete('signature')
      if (!constantTimeEqual(given, signature(method, key, query))) return 'forged'
      if (Number(query.get('expires')) * 1000 <= clock.now().getTime()) return 'expired'
      query.delete('expires')
      return { key, params: Object.fromEntries(query) }
    },
  }
}
