/** Dates of a session's status are text after they came over the bus. */
import type { Pairing, PasskeyStep, SessionStatus } from '@warren/contracts'

const date = (value: Date | string) => new Date(value)

export function revivePasskey(step: PasskeyStep): PasskeyStep {
  return { ...step, expiresAt: date(step.expiresAt) }
}

export function revivePairing(pairing: Pairing): Pairing {
  const { expiresAt, passkey } = pairing
  return {
    ...pairing,
    ...(expiresAt === undefined ? {} : { expiresAt: date(expiresAt) }),
    ...(passkey ? { passkey: revivePasskey(passkey) } : {}),
  }
}

export function reviveStatus(status: SessionStatus): SessionStatus {
  const { since, pairing, lastConnectedAt, lastDisconnect, retry } = status
  return {
    ...status,
    since: date(since),
    ...(pairing ? { pairing: revivePairing(pairing) } : {}),
    ...(lastConnectedAt ? { lastConnectedAt: date(lastConnectedAt) } : {}),
    ...(lastDisconnect ? { lastDisconnect: { ...lastDisconnect, at: date(lastDisconnect.at) } } : {}),
    ...(retry ? { retry: { ...retry, nextAt: date(retry.nextAt) } } : {}),
  }
}
