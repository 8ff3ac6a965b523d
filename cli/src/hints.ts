import type { ErrorCode } from '@warren/contracts'
import type { Program } from './command.ts'

const HINTS: { readonly [C in ErrorCode]?: string } = {
  not_paired: '{wa} qr {name}',
  logged_out: '{wa} qr {name}',
  not_connected: '{wa} status {name}',
  session_unavailable: '{wa} status {name}',
  session_timeout: '{wa} logs {name}',
  suspended: '{wa} resume {name}',
  already_exists: '{wa} status {name}',
  pairing_unavailable: '{wa} status {name}',
}

/** What a person can do about an error, where something can be said of it in general. */
export function hintFor(
  code: ErrorCode,
  words: { wa: Program; name: string; here: string },
): string | undefined {
  return HINTS[code]?.replaceAll('{wa}', words.wa).replaceAll('{name}', `${words.name}${words.here}`)
}
