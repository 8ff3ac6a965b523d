/** Keys as configuration and secrets hold them: `id:base64`, the newest first, separated by commas. */
import type { SealingKey } from './seal.ts'

const ONE = '(\\d{1,10}:)?[A-Za-z0-9+/]{43}='
/** What {@link parseKeys} takes. */
export const KEYS_PATTERN: RegExp = new RegExp(`^${ONE}(,${ONE})*$`)

/**
 * Keys from their text; one without an id has the id 1. The first one seals, the others open what they sealed before.
 * @throws RangeError when two have the same id: nobody could tell which one sealed
 */
export function parseKeys(text: string): readonly [SealingKey, ...SealingKey[]] {
  const [first = '', ...others] = text.split(',')
  const keys = [parseKey(first), ...others.map(parseKey)] as const
  if (new Set(keys.map(({ id }) => id)).size < keys.length)
    throw new RangeError('two keys have the same id: give the newer one a higher id')
  return keys
}

export function keysText(keys: readonly SealingKey[]): string {
  return keys.map(({ id, bytes }) => `${id}:${Buffer.from(bytes).toString('base64')}`).join()
}

function parseKey(text: string): SealingKey {
  const [bytes = '', id = '1'] = text.split(':').reverse()
  return { id: Number(id), bytes: Buffer.from(bytes, 'base64') }
}
