import type { SessionProtection, SessionStatus } from '@warren/contracts'

/**
 * The status of the session together with that of its protection.
 * @returns the same object as long as both parts are the same, so that whoever compares sees no change where there is none
 */
export function createStatusView(
  session: () => SessionStatus,
  protection: () => SessionProtection | undefined,
): () => SessionStatus {
  let last:
    | { session: SessionStatus; protection: SessionProtection | undefined; both: SessionStatus }
    | undefined
  return () => {
    const now = { session: session(), protection: protection() }
    if (last?.session === now.session && last.protection === now.protection) return last.both
    const both = now.protection ? { ...now.session, protection: now.protection } : now.session
    last = { ...now, both }
    return both
  }
}
