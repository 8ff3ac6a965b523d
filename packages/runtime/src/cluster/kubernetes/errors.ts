import { type ErrorCode, type FieldError, WarrenError } from '@warren/contracts'

/** The body of every answer that is not a success (meta/v1 Status), as far as it is used. */
export type Status = {
  readonly kind?: string
  readonly code?: number
  readonly reason?: string
  readonly message?: string
  readonly details?: {
    readonly retryAfterSeconds?: number
    readonly causes?: readonly {
      readonly reason?: string
      readonly field?: string
      readonly message?: string
    }[]
  }
}

/** A refusal in the API server's own words; the `cause` of the {@link WarrenError} that callers get. */
export class StatusError extends Error {
  override name = 'StatusError'
  readonly code: number
  readonly reason: string
  readonly status: Status

  constructor(code: number, status: Status) {
    super(status.message ?? `the API server answered ${code}`)
    this.code = code
    this.reason = status.reason ?? ''
    this.status = status
  }
}

/** An answer of the API server as an error of the table. */
export function errorOf(code: number, status: Status): WarrenError {
  const cause = new StatusError(code, status)
  const fields = fieldsOf(status)
  return new WarrenError(codeOf(code, cause.reason), cause.message, {
    cause,
    details: fields.length > 0 ? { fields } : {},
  })
}

/** No answer, or none in time: nobody knows whether a write was done. */
export function unreachable(cause: unknown): WarrenError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new WarrenError('dependency_unavailable', `the Kubernetes API does not answer: ${why}`, { cause })
}

/** Whether the version of a list or watch is no longer kept (410). */
export function isExpired(error: unknown): boolean {
  const cause = error instanceof WarrenError ? error.cause : error
  return cause instanceof StatusError && (cause.code === 410 || cause.reason === 'Expired')
}

function codeOf(code: number, reason: string): ErrorCode {
  if (code === 404) return 'not_found'
  if (code === 409) return reason === 'AlreadyExists' ? 'already_exists' : 'conflict'
  if (code === 400 || code === 422) return 'validation_failed'
  if (code === 403) return 'forbidden'
  // Everything else is a matter of the installation and passes with time, or with its administrator.
  return 'dependency_unavailable'
}

function fieldsOf({ details }: Status): FieldError[] {
  return (details?.causes ?? []).flatMap(({ field, message }) =>
    field && message ? [{ path: field === '<nil>' ? '' : field, message }] : [],
  )
}
