/**
 * What to do about an error of MongoDB:
 * - `duplicate-key`: a unique index refused it.
 * - `transient`: network, election, shutdown or timeout. It may or may not have happened; the same again may succeed.
 * - `refused`: the server understood and will refuse the same again.
 * - `unknown`: not an error of MongoDB.
 */
export type MongoErrorKind = 'duplicate-key' | 'transient' | 'refused' | 'unknown'

/** Codes of "not primary" and of a node that is stepping down or recovering (the driver specification's list). */
const NOT_PRIMARY = new Set([189, 10058, 10107, 11602, 13435, 13436])
/** Shutdown, interruption, network and timeout codes of the server that the retryable-writes specification names. */
const TRANSIENT = new Set([
  ...NOT_PRIMARY,
  6,
  7,
  24,
  50,
  64,
  89,
  91,
  112,
  133,
  134,
  202,
  234,
  262,
  317,
  9001,
  11600,
])
const TRANSIENT_LABELS = [
  'RetryableWriteError',
  'RetryableError',
  'TransientTransactionError',
  'PoolRequestedRetry',
]
const TRANSIENT_NAME = /Network|ServerSelection|PoolCleared|NotConnected|TopologyClosed|Timeout/

type MongoErrorShape = {
  name: string
  code?: unknown
  hasErrorLabel?: (label: string) => boolean
}

/** By shape and not by class, because mongoose carries a copy of the driver with classes of its own. */
function asMongoError(error: unknown): MongoErrorShape | undefined {
  if (!(error instanceof Error) || !error.name.startsWith('Mongo')) return undefined
  return error as unknown as MongoErrorShape
}

export function classifyMongoError(error: unknown): MongoErrorKind {
  const mongo = asMongoError(error)
  if (!mongo) return 'unknown'
  const code = Number(mongo.code)
  if (code === 11000) return 'duplicate-key'
  if (TRANSIENT.has(code) || TRANSIENT_NAME.test(mongo.name)) return 'transient'
  if (TRANSIENT_LABELS.some((label) => mongo.hasErrorLabel?.(label))) return 'transient'
  // A write that was not acknowledged by a majority in time may still become durable.
  return mongo.name === 'MongoWriteConcernError' ? 'transient' : 'refused'
}

export function isDuplicateKey(error: unknown): boolean {
  return classifyMongoError(error) === 'duplicate-key'
}

/** Whether the same command may succeed later; whether it has already happened is open. */
export function isTransient(error: unknown): boolean {
  return classifyMongoError(error) === 'transient'
}

/** Whether the node that was asked is not the primary (any more). */
export function isNotPrimary(error: unknown): boolean {
  const mongo = asMongoError(error)
  return mongo !== undefined && NOT_PRIMARY.has(Number(mongo.code))
}
