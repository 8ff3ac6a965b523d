import { MongoServerError } from 'mongodb'

const DUPLICATE_KEY = 11000

export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY
}

/**
 * Whether the server itself refused: repeating the same command cannot help. Everything else (network, no primary, shutdown, a write concern that timed out)
 * leaves open whether the write happened.
 */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof MongoServerError)) return false
  if (error.hasErrorLabel('RetryableWriteError') || error.hasErrorLabel('TransientTransactionError'))
    return false
  return REFUSALS.has(Number(error.code))
}

/** BadValue, FailedToParse, Unauthorized, TypeMismatch, AuthenticationFailed, InvalidNamespace, BSONObjectTooLarge, DocumentValidationFailure. */
const REFUSALS = new Set([2, 9, 13, 14, 18, 73, 10334, 121])
