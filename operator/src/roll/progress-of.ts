import type { SessionDoc } from '@warren/contracts'
import { isHeld } from '../session-state.ts'

/** What a session was before its pod was replaced. */
export type Before = {
  readonly epoch: number
  readonly connected: boolean
}

/**
 * - `before`: the pod that is to be replaced still has it
 * - `away`: the next one does not serve yet
 * - `back`: it does
 * - `ended`: WhatsApp or a person ended the link meanwhile; no pod would bring it back
 */
export type Progress = 'before' | 'away' | 'back' | 'ended'

export function beforeOf(session: SessionDoc | null, now: Date): Before {
  return {
    epoch: session?.epoch ?? 0,
    connected: session !== null && isHeld(session, now) && session.status?.phase === 'connected',
  }
}

/** How far the session of a replaced pod is: back is connected, or at work where it was not connected before. */
export function progressOf(before: Before, session: SessionDoc | null, now: Date): Progress {
  if (!session || !isHeld(session, now)) return 'away'
  // The word of the pod before does not count.
  if (session.epoch <= before.epoch) return before.connected ? 'before' : 'away'
  switch (session.status?.phase) {
    case undefined:
    case 'starting':
    case 'stopped':
      return 'away'
    case 'connected':
      return 'back'
    case 'loggedOut':
    case 'banned':
      return before.connected ? 'ended' : 'back'
    default:
      return before.connected ? 'away' : 'back'
  }
}
