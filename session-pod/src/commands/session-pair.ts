import { type SessionStatus, WarrenError } from '@warren/contracts'
import { CODE_REFUSED } from '../session/machine.ts'
import type { PairingRequest } from '../session/model.ts'
import type { Handler } from './context.ts'

/** How long WhatsApp may take to give a QR or code. */
const SHOW_MS = 25_000

/** A code is for one number: what is shown for another answers nothing. */
const isSame = (wanted: PairingRequest, current: PairingRequest | undefined) =>
  wanted.method === 'qr'
    ? current?.method === 'qr'
    : current?.method === 'code' && current.phoneNumber === wanted.phoneNumber

export const pair: Handler<'session.pair'> = async (request, { session, clock, onlyPhone }) => {
  if (session.account()) throw new WarrenError('already_paired')
  if (request.method === 'code' && onlyPhone && request.phoneNumber !== onlyPhone)
    throw new WarrenError('conflict', `this instance is for the number ${onlyPhone}`)
  if (!session.status().pairing || !isSame(request, session.pairing()))
    session.dispatch({ type: 'pairRequested', request })
  const shown = (status: SessionStatus) =>
    status.pairing !== undefined || status.phase !== 'pairing' || status.reason === CODE_REFUSED
  const giveUp = new AbortController()
  const timer = clock.setTimer(SHOW_MS, () => giveUp.abort(new WarrenError('pairing_unavailable')))
  try {
    const { pairing, message } = await session.when(shown, giveUp.signal)
    if (!pairing) throw new WarrenError('pairing_unavailable', message)
    return { pairing }
  } finally {
    timer.stop()
  }
}
