/**
 * That the link of the stored credentials has ended. It lies beside them and outlives every pairing that is begun after it: only
 * the credentials of a new link, adopted in the place of the dead ones, take it away.
 */
import type { Change, SessionState } from './state.ts'

const PLACE = { type: 'creds', id: 'ended' } as const

export const hasEndedLink = (state: SessionState): boolean => state.get(PLACE.type, PLACE.id) !== undefined

/** Why it has ended; undefined while it has not. */
export const endedLinkReason = (state: SessionState): string | undefined =>
  (state.get(PLACE.type, PLACE.id) as { reason?: string } | undefined)?.reason

export const linkEnded = (reason: string, at: Date): Change => ({ ...PLACE, value: { reason, at } })

export const linkBegun = (): Change => ({ ...PLACE, value: undefined })
