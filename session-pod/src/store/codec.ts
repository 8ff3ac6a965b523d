/**
 * Values as text. JSON rather than `v8.serialize`, so that a log written by one Node version is read by every other. Bytes become
 * `{"$b":"base64"}`; protobuf messages and class instances become plain objects with their own fields.
 */

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** One change inside a commit; a value of null deletes, a fourth element is the end of life in milliseconds since 1970. */
export type EncodedChange = {
  readonly type: string
  readonly id: string
  readonly json: string
  readonly expiresMs?: number
}

/** Types whose values hold no bytes: they skip the walk, and `session` is written with every message. */
const PLAIN = new Set([
  'session',
  'lid-mapping',
  'device-list',
  'sender-key-memory',
  'finished',
  'rest',
  'sendTime',
  'acquaintance',
  'optedOut',
  'protection',
  'link',
  'snapshot',
  'seals',
  'seen',
  'unread',
  'history-done',
])
const DELETED = 'null'

export function encodeValue(type: string, value: unknown): string {
  if (value === undefined || value === null) return DELETED
  return JSON.stringify(PLAIN.has(type) ? value : toJson(value))
}

/** The value, or undefined for a deleted one. */
export function decodeValue(type: string, json: string): unknown {
  return json === DELETED ? undefined : revive(type, JSON.parse(json))
}

/** The plaintext of a commit. */
export function encodeBatch(changes: readonly EncodedChange[]): string {
  const rows = changes.map(
    ({ type, id, json, expiresMs }) =>
      `[${JSON.stringify(type)},${JSON.stringify(id)},${json}${expiresMs === undefined ? '' : `,${expiresMs}`}]`,
  )
  return `[${rows.join()}]`
}

export function decodeBatch(text: string): EncodedChange[] {
  const rows = JSON.parse(text) as [string, string, Json, number?][]
  return rows.map(([type, id, value, expiresMs]) => ({
    type,
    id,
    json: JSON.stringify(value),
    ...(expiresMs === undefined ? {} : { expiresMs }),
  }))
}

export const isDeleted = (change: EncodedChange) => change.json === DELETED

function revive(type: string, value: Json): unknown {
  return PLAIN.has(type) ? value : fromJson(value)
}

function toJson(value: unknown): Json {
  if (value instanceof Uint8Array)
    return { $b: Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64') }
  if (value instanceof Date) return { $d: value.toISOString() }
  if (Array.isArray(value)) return value.map((item) => toJson(item ?? null))
  if (typeof value !== 'object' || value === null) return value as Json
  const copy: { [key: string]: Json } = {}
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined && typeof item !== 'function') copy[key] = toJson(item)
  }
  return copy
}

function fromJson(value: Json): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(fromJson)
  if (typeof value.$b === 'string') return Buffer.from(value.$b, 'base64')
  if (typeof value.$d === 'string') return new Date(value.$d)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromJson(item)]))
}
