/** Pages by cursor: stable while rows are added, and as cheap on the last page as on the first. */
import { WarrenError } from '@warren/contracts'
import Joi from 'joi'

export type PageQuery = { readonly limit: number; readonly cursor?: string }

/** Rows and, when more follow, where the next page begins. */
export type Paged<T> = { readonly items: readonly T[]; readonly next?: string }

/** Query fields of every list. */
export const pageFields = {
  limit: Joi.number().integer().min(1).max(100).default(50).description('Rows of a page.'),
  cursor: Joi.string().max(512).description('`nextCursor` of the page before.'),
}

/** The answer of every list. */
export function pageOf(item: Joi.Schema): Joi.ObjectSchema {
  return Joi.object({
    items: Joi.array().items(item).required(),
    nextCursor: Joi.string().description('Absent on the last page.'),
  }).meta({ items: item })
}

export function presentPage<T, U>(
  page: Paged<T>,
  present: (row: T) => U,
): { items: U[]; nextCursor?: string } {
  return { items: page.items.map(present), ...(page.next === undefined ? {} : { nextCursor: page.next }) }
}

/** Cuts one row more than was asked for into a page. `keyOf` gives what the next page goes on after. */
export function cutPage<T>(
  rows: readonly T[],
  limit: number,
  keyOf: (row: T) => readonly (string | number)[],
): Paged<T> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return rows.length > limit && last !== undefined ? { items, next: encodeCursor(keyOf(last)) } : { items }
}

export function encodeCursor(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

/** What a part of a cursor can be: anyone can write a cursor, and what no list gave out must not reach the database. */
const PARTS = {
  text: (part: unknown) => typeof part === 'string' && part.length <= 320 && !part.includes('\0'),
  /** Milliseconds since 1970, as far as a date goes. */
  time: (part: unknown) => Number.isInteger(part) && Math.abs(part as number) <= 8.64e15,
  /** A position in a journal. */
  seq: (part: unknown) => Number.isSafeInteger(part) && (part as number) >= 0,
  objectId: (part: unknown) => typeof part === 'string' && /^[0-9a-f]{24}$/.test(part),
}

/**
 * @param shape what each part is
 * @throws WarrenError `validation_failed` for text that is no cursor of this list
 */
export function decodeCursor(
  cursor: string,
  shape: readonly (keyof typeof PARTS)[],
): readonly (string | number)[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (Array.isArray(key) && key.length === shape.length && shape.every((kind, n) => PARTS[kind](key[n])))
      return key
  } catch {
    // not even JSON: the same answer
  }
  const message = '"cursor" is not one that this list gave out'
  throw new WarrenError('validation_failed', message, {
    details: { fields: [{ path: 'query.cursor', message }] },
  })
}
