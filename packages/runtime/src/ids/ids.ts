import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock/index.ts'

/** Where identifiers come from. */
export type Ids = {
  /**
   * A new identifier, `prefix_` and 26 characters of Crockford's base 32 (a ULID): unique without coordination, and
   * sorted as text it is in the order of creation, to the millisecond between processes and exactly within one.
   */
  newId(prefix?: string): string
  /** `bytes` random bytes as base64url, for what must not be guessed; 24 unless told. */
  newSecret(bytes?: number): string
}

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const RANDOM_BITS = 80n

/** Identifiers from the system's cryptographic randomness and the clock. */
export function createIds(clock: Clock): Ids {
  let lastMs = -1
  let random = 0n

  /** 48 bits of time and 80 of randomness; in the same millisecond, and when the clock steps back, one more. */
  function next(): bigint {
    const ms = clock.now().getTime()
    if (ms > lastMs) {
      lastMs = ms
      // The highest bit stays free, so that counting up never overflows into the time.
      random = BigInt(`0x${randomBytes(10).toString('hex')}`) >> 1n
    } else random++
    return (BigInt(lastMs) << RANDOM_BITS) | random
  }

  return {
    newId: (prefix) => withPrefix(prefix, base32(next())),
    newSecret: (bytes = 24) => randomBytes(bytes).toString('base64url'),
  }
}

/** Identifiers that count up from 1: the same in every run of a test, and of the same shape as real ones. */
export function createFakeIds(): Ids {
  let count = 0n
  return {
    newId: (prefix) => withPrefix(prefix, base32(++count)),
    newSecret: (bytes = 24) => Buffer.alloc(bytes, String(++count)).toString('base64url'),
  }
}

function withPrefix(prefix: string | undefined, id: string): string {
  return prefix ? `${prefix}_${id}` : id
}

function base32(value: bigint): string {
  let text = ''
  for (let rest = value, i = 0; i < 26; i++, rest >>= 5n) text = ALPHABET[Number(rest & 31n)] + text
  return text
}
