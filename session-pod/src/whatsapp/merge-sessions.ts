/** A session record of libsignal as it is stored: sessions by base key, at most one of them open. */
export type StoredRecord = {
  readonly _sessions: Readonly<Record<string, StoredSession>>
  readonly version: string
}
type StoredSession = { readonly indexInfo: { readonly closed: number } & Readonly<Record<string, unknown>> }

const OPEN = -1

/**
 * One record of two that turned out to be of one person: every session stays readable, and the open one of `kept` stays the one to write
 * with. Baileys copies one over the other when a hidden id becomes known, and loses what the contact still writes on.
 *
 * @param nowMs when the other open session counts as closed, in milliseconds since 1970
 */
export function mergeSessions(
  kept: StoredRecord | undefined,
  other: StoredRecord,
  nowMs: number,
): StoredRecord {
  if (!kept) return other
  const hasOpen = Object.values(kept._sessions).some(({ indexInfo }) => indexInfo.closed === OPEN)
  const closing = (session: StoredSession): StoredSession =>
    hasOpen && session.indexInfo.closed === OPEN
      ? { ...session, indexInfo: { ...session.indexInfo, closed: nowMs } }
      : session
  const others = Object.entries(other._sessions).map(([key, session]) => [key, closing(session)])
  return { ...kept, _sessions: { ...Object.fromEntries(others), ...kept._sessions } }
}
