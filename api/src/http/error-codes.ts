import type { ErrorCode } from '@warren/contracts'
import type { RouteContract } from './contract.ts'

/** Every error code that a route can answer with: its own, and those that come with its kind. */
export function errorCodesOf(contract: RouteContract): ErrorCode[] {
  const { access, rate, request, consumes, idempotent, errors } = contract
  const takesInput = Object.keys(request).length > 0
  return [
    ...new Set<ErrorCode>([
      ...(takesInput ? (['validation_failed'] as const) : []),
      ...(access === 'public' ? [] : (['unauthenticated', 'token_expired', 'forbidden'] as const)),
      ...errors,
      ...(request.body || consumes ? (['payload_too_large', 'unsupported_media_type'] as const) : []),
      ...(idempotent ? (['idempotency_mismatch', 'request_in_progress'] as const) : []),
      ...(rate === 'none' ? [] : (['rate_limited'] as const)),
      'internal',
      'dependency_unavailable',
    ]),
  ]
}
