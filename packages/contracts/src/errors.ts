/**
 * The one table of errors. A code is stable and public: clients, dashboards and runbooks rely on it. Everything that fails for a
 * reason a person should know throws a {@link WarrenError} with a code from here; nobody compares message texts.
 */

type ErrorRow = {
  /** HTTP status at the API's edge. */
  readonly status: number
  /** Whether the same request may succeed later without change. */
  readonly retryable: boolean
  /** What it means, as the `title` of the problem document. */
  readonly title: string
}

const row = (status: number, retryable: boolean, title: string): ErrorRow => ({ status, retryable, title })

export const ERRORS = {
  // the request
  validation_failed: row(400, false, 'The request has invalid fields'),
  unauthenticated: row(401, false, 'A valid bearer token is required'),
  invalid_credentials: row(401, false, 'The e-mail address or the password is wrong'),
  token_expired: row(401, false, 'The token has expired'),
  forbidden: row(403, false, 'The token does not allow this'),
  signup_closed: row(403, false, 'This installation does not accept registrations'),
  not_found: row(404, false, 'There is no such thing here'),
  method_not_allowed: row(405, false, 'The resource does not have this method'),
  conflict: row(409, false, 'The request contradicts the present state'),
  already_exists: row(409, false, 'It exists already'),
  idempotency_mismatch: row(409, false, 'The idempotency key was used with another request'),
  request_in_progress: row(409, true, 'The first request with this idempotency key is still in progress'),
  payload_too_large: row(413, false, 'The body is larger than allowed'),
  unsupported_media_type: row(415, false, 'The type of the file or body is not accepted'),
  rate_limited: row(429, true, 'Too many requests'),
  plan_limit_reached: row(403, false, 'The plan of the organisation does not allow more'),
  // the session
  not_paired: row(409, false, 'The instance is not linked to a WhatsApp account'),
  already_paired: row(409, false, 'The instance is linked to a WhatsApp account already'),
  not_connected: row(409, true, 'The instance is not connected to WhatsApp now'),
  session_unavailable: row(503, true, 'No session process serves this instance now'),
  session_timeout: row(504, true, 'The session process did not answer in time'),
  logged_out: row(409, false, 'WhatsApp ended the link; pair again'),
  suspended: row(409, false, 'The instance is suspended'),
  pairing_unavailable: row(409, true, 'No QR or code can be shown at this moment'),
  bundle_invalid: row(422, false, 'It is no session that can be taken over'),
  snapshot_unusable: row(409, false, 'The snapshot cannot be restored'),
  proxy_unavailable: row(503, true, 'No proxy of this instance works now'),
  passkey_not_asked: row(409, false, 'WhatsApp does not wait for a passkey now'),
  passkey_invalid: row(422, false, 'The assertion does not answer the challenge'),
  passkey_refused: row(422, false, 'WhatsApp did not accept the passkey; pair again'),
  passkey_expired: row(409, false, 'The time for the passkey is over; pair again'),
  // WhatsApp's answers to a message
  not_on_whatsapp: row(422, false, 'The recipient is not on WhatsApp'),
  restricted: row(422, false, 'WhatsApp restricts this account from starting new conversations'),
  not_in_group: row(422, false, 'This account is not in the group, or the group is no more'),
  recipient_opted_out: row(422, false, 'The recipient has asked for no more marketing'),
  recipient_stale: row(422, true, 'The list of the recipient’s devices was out of date'),
  media_unavailable: row(422, false, 'The media could not be read'),
  media_rejected: row(422, false, 'WhatsApp refused the media'),
  rejected_by_whatsapp: row(422, false, 'WhatsApp refused the message'),
  // ownership of a session
  lease_held: row(409, true, 'Another process holds the session'),
  fenced: row(409, false, 'A newer process took the session over'),
  credentials_unreadable: row(500, false, 'The stored credentials cannot be opened with the given key'),
  // the installation
  dependency_unavailable: row(503, true, 'A service that Warren depends on is not reachable'),
  shutting_down: row(503, true, 'The process is shutting down'),
  internal: row(500, true, 'Something went wrong on our side'),
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof ERRORS

/** One invalid field: where it is, what is wrong, in words that name the limit. */
export type FieldError = { readonly path: string; readonly message: string }

export type ErrorDetails = {
  /** Invalid fields of a `validation_failed`. */
  readonly fields?: readonly FieldError[]
  /** Seconds after which a retry makes sense. */
  readonly retryAfterSeconds?: number
  /** WhatsApp's own code, where it gave one. */
  readonly whatsappCode?: number
}

/** An error of the table. `detail` is a sentence for the person who caused it and holds no secret. */
export class WarrenError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, detail?: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(detail ?? ERRORS[code].title, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'WarrenError'
    this.code = code
    this.details = options.details ?? {}
  }

  get status(): number {
    return ERRORS[this.code].status
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable
  }
}

/** Whether something thrown is a {@link WarrenError}, of the given code if one is named. */
export function isWarrenError(error: unknown, code?: ErrorCode): error is WarrenError {
  return error instanceof WarrenError && (code === undefined || error.code === code)
}
