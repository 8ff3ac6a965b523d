/** Errors at the edge: RFC 9457 problem documents. */
import { ERRORS, type ErrorCode, type FieldError, isWarrenError, WarrenError } from '@warren/contracts'
import { isCelebrateError } from 'celebrate'
import Joi from 'joi'

export type Problem = {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: ErrorCode
  readonly detail?: string
  readonly requestId: string
  readonly errors?: readonly FieldError[]
  readonly whatsappCode?: number
  /** In development only. */
  readonly stack?: string
}

export const problemSchema = Joi.object({
  type: Joi.string().uri().required().description('Where the error is explained.'),
  title: Joi.string().required(),
  status: Joi.number().integer().min(400).max(599).required(),
  code: Joi.string()
    .valid(...Object.keys(ERRORS))
    .required()
    .description('Stable; decide by this.'),
  detail: Joi.string(),
  requestId: Joi.string().required(),
  errors: Joi.array().items(
    Joi.object({ path: Joi.string().allow('').required(), message: Joi.string().required() }),
  ),
  whatsappCode: Joi.number().integer(),
  stack: Joi.string(),
}).description('A problem document (RFC 9457).')

/** How many invalid fields an answer names, and how long a text in it may be. */
const MAX_FIELDS = 20
const MAX_TEXT = 300

/** What the drivers throw, as far as a caller should know. */
const CODES_BY_NAME: Readonly<Record<string, ErrorCode>> = {
  MongoNetworkError: 'dependency_unavailable',
  MongoNetworkTimeoutError: 'dependency_unavailable',
  MongoServerSelectionError: 'dependency_unavailable',
  MongoNotConnectedError: 'dependency_unavailable',
  MongoPoolClearedError: 'dependency_unavailable',
  MongooseServerSelectionError: 'dependency_unavailable',
}

/** Makes an error of the table out of anything that was thrown. */
export function toWarrenError(error: unknown): WarrenError {
  if (isWarrenError(error)) return error
  if (isCelebrateError(error)) return invalid(error.details)
  if (error instanceof URIError) return invalidPart('params', 'The path is not valid percent-encoding.')
  const { expose, name, status } = Object(error) as { expose?: unknown; name?: unknown; status?: unknown }
  const code = CODES_BY_NAME[String(name)]
  if (code) return new WarrenError(code, undefined, { cause: error })
  if (expose === true && typeof status === 'number' && status >= 400 && status < 500)
    return bodyError(error as Error, status)
  return new WarrenError('internal', undefined, { cause: error })
}

/** What the body parser refuses. Its errors have the status that it proposes, and say whether the caller may see them. */
function bodyError(cause: Error, status: number): WarrenError {
  if (status === 413) return new WarrenError('payload_too_large', undefined, { cause })
  if (status === 415) return new WarrenError('unsupported_media_type', undefined, { cause })
  if (cause instanceof SyntaxError)
    return invalidPart('body', `The body is not valid JSON: ${cut(cause.message)}`)
  return invalidPart('body', `The body could not be read: ${cut(cause.message)}`)
}

function invalidPart(path: string, message: string): WarrenError {
  return new WarrenError('validation_failed', message, { details: { fields: [{ path, message }] } })
}

function invalid(segments: Map<string, Joi.ValidationError>): WarrenError {
  const fields = [...segments]
    .flatMap(([segment, error]) => error.details.slice(0, MAX_FIELDS).map((one) => ({ segment, ...one })))
    .slice(0, MAX_FIELDS)
    .map(({ segment, path, message }) => ({ path: cut([segment, ...path].join('.')), message: cut(message) }))
  const detail = fields.map((field) => field.message).join('; ')
  return new WarrenError('validation_failed', detail, { details: { fields } })
}

/** Names and values of the caller's stand in messages, and may be as long as a body. */
const cut = (text: string) => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text)

/**
 * @param showInternals whether the stack is told; only in development
 */
export function problemOf(error: WarrenError, requestId: string, showInternals: boolean): Problem {
  const cause = error.cause instanceof Error ? error.cause : error
  const { fields, whatsappCode } = error.details
  return {
    type: `https://warren.dev/errors/${error.code}`,
    title: ERRORS[error.code].title,
    status: error.status,
    code: error.code,
    ...(error.message === ERRORS[error.code].title ? {} : { detail: error.message }),
    requestId,
    ...(fields ? { errors: fields } : {}),
    ...(whatsappCode === undefined ? {} : { whatsappCode }),
    ...(showInternals && error.status >= 500 && cause.stack ? { stack: cause.stack } : {}),
  }
}
