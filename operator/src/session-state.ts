import {
  type Account,
  instanceIdOf,
  type SessionDoc,
  type SessionKey,
  sessionKeyOf,
  type WhatsAppInstance,
} from '@warren/contracts'

/** How long after its lease's end a holder's word still counts: the operator's clock is not the database's. */
const CLOCK_SKEW_MS = 10_000

/** The session of an instance: the one of the organisation that its spec names. */
export function sessionKeyFor({ metadata, spec }: WhatsAppInstance): SessionKey {
  return sessionKeyOf({ organization: spec.organization, instance: instanceIdOf(metadata) })
}

/** Whether a process holds the session now, as far as can be told from here. */
export function isHeld(session: SessionDoc, now: Date): boolean {
  return session.holder !== null && session.expiresAt.getTime() + CLOCK_SKEW_MS > now.getTime()
}

/**
 * The linked WhatsApp account, undefined when there is none. A session tells it for as long as it has credentials of one; while it has not
 * read them yet (`starting`), what was known before still holds.
 */
export function linkedAccount(instance: WhatsAppInstance, session: SessionDoc | null): Account | undefined {
  if (!session) return undefined
  const { status } = session
  if (status?.account) return status.account
  return !status || status.phase === 'starting' ? instance.status?.account : undefined
}
