import { constants } from 'node:os'

const REDACTED = '[redacted]'
const MAX_DEPTH = 8
const MAX_ITEMS = 100
const MAX_STRING = 8_192

/** Keys whose whole name, without case, dashes and underscores, marks a secret. */
const EXACT = new Set(['qr', 'code', 'pin', 'otp', 'creds', 'cookie', 'setcookie', 'jwt', 'dsn'])
/** Parts of a name that mark a secret wherever they stand. */
const PARTS =
  /password|passwd|passphrase|secret|token|authorization|apikey|credential|privatekey|masterkey|signingkey|encryptionkey|noisekey|pairingcode|qrcode/
/** The shapes of an error's code, `no-responder` or `ERR_HTTP_SENT`; a pairing code is capitals and digits in one word. */
const ERROR_CODE = /^([a-z][a-zA-Z]*([-_.][a-zA-Z]+)*|[A-Z]+(_[A-Z0-9]+)+)$/
const ERRNO = new Set(Object.keys(constants.errno).concat('ENOTFOUND', 'EAI_AGAIN'))

/** Whether the value under this key must not be written. */
export function isSecretKey(key: string): boolean {
  const name = key.toLowerCase().replaceAll(/[-_]/g, '')
  return EXACT.has(name) || PARTS.test(name)
}

/**
 * A copy of `value` that is safe to write as JSON: secrets replaced, cycles cut, errors spelled out, binary data named
 * by its size, long strings and lists cut. It never throws, whatever getters and proxies are inside.
 */
export function redact(value: unknown): unknown {
  return walk(value, '', 0, new Set())
}

function walk(value: unknown, key: string, depth: number, above: Set<object>): unknown {
  if (value === undefined || value === null) return value
  if (key !== '' && isSecretKey(key) && !(key === 'code' && isErrorCode(value))) return REDACTED
  if (typeof value === 'string') return cutString(withoutUrlPassword(value))
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value)
  if (typeof value === 'function') return `[function ${value.name}]`
  if (typeof value !== 'object') return value
  if (above.has(value)) return '[circular]'
  if (depth >= MAX_DEPTH) return '[deep]'
  above.add(value)
  try {
    return walkObject(value, depth, above)
  } catch {
    return '[unreadable]'
  } finally {
    above.delete(value)
  }
}

/** `code` names both a pairing code and the code of an error; only the latter may be written. */
function isErrorCode(value: unknown): boolean {
  return (
    typeof value === 'number' || (typeof value === 'string' && (ERROR_CODE.test(value) || ERRNO.has(value)))
  )
}

function walkObject(value: object, depth: number, above: Set<object>): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (value instanceof Error) return walkError(value, depth, above)
  if (value instanceof Map) return walkEntries(value.entries(), depth, above)
  const list = Array.isArray(value) ? value : value instanceof Set ? [...value] : undefined
  if (list) {
    const items = list.slice(0, MAX_ITEMS).map((item) => walk(item, '', depth + 1, above))
    return list.length > MAX_ITEMS ? [...items, `[${list.length - MAX_ITEMS} more]`] : items
  }
  if ('toJSON' in value && typeof value.toJSON === 'function')
    return walk(value.toJSON(), '', depth + 1, above)
  return walkEntries(Object.entries(value), depth, above)
}

function walkError(error: Error, depth: number, above: Set<object>): unknown {
  const { name, message, stack, cause, ...rest } = error as Error & Record<string, unknown>
  return {
    name: error.name,
    message: walk(error.message, '', depth, above),
    ...(walkEntries(Object.entries(rest), depth, above) as object),
    stack: walk(stack, '', depth, above),
    ...(cause === undefined ? {} : { cause: walk(cause, '', depth + 1, above) }),
  }
}

function walkEntries(entries: Iterable<[unknown, unknown]>, depth: number, above: Set<object>) {
  const copy: Record<string, unknown> = {}
  let count = 0
  for (const [key, item] of entries) {
    if (++count > MAX_ITEMS) break
    copy[String(key)] = walk(item, String(key), depth + 1, above)
  }
  return copy
}

function cutString(text: string): string {
  return text.length > MAX_STRING ? `${text.slice(0, MAX_STRING)}… [${text.length} characters]` : text
}

/** Connection strings turn up inside messages of drivers. */
function withoutUrlPassword(text: string): string {
  return text.includes('://')
    ? text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/[^\s/@:]*):[^\s/@]+@/gi, `$1:${REDACTED}@`)
    : text
}
