/** One word for how an instance is, from what the resource and the session tell. */
import type { SessionDoc, SessionPhase, SessionStatus, WhatsAppInstance } from '@warren/contracts'
import { SESSION_PHASES } from '@warren/contracts'

/**
 * The phases of the session, and what only the resource knows: `pending` until a session process reports, `suspended` and `terminating` by
 * request.
 */
export const INSTANCE_STATES = ['pending', 'suspended', 'terminating', ...SESSION_PHASES] as const
export type InstanceState = 'pending' | 'suspended' | 'terminating' | SessionPhase

/** What a session told last, and whether it is still there to tell. */
export type LiveSession = { readonly status: SessionStatus | null; readonly alive: boolean }

/** Phases that outlive the process which found them. */
const LASTING: readonly SessionPhase[] = ['parked', 'loggedOut', 'banned']

export function liveSession(doc: SessionDoc | null | undefined, now: Date): LiveSession {
  return { status: doc?.status ?? null, alive: doc != null && doc.holder !== null && doc.expiresAt > now }
}

export function instanceState(resource: WhatsAppInstance, session: LiveSession): InstanceState {
  if (resource.metadata.deletionTimestamp) return 'terminating'
  if (resource.spec.operatingMode === 'Suspended') return 'suspended'
  const phase = session.status?.phase
  if (phase && (session.alive || LASTING.includes(phase))) return phase
  return 'pending'
}
