/** Dates of a session's status are text after they came over the bus. */
import type {
  ConnectionVitals,
  Pairing,
  PasskeyStep,
  ProtectionReport,
  SessionProtection,
  SessionStatus,
  Waiting,
} from '@warren/contracts'

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
  const { since, pairing, lastConnectedAt, lastDisconnect, retry, protection } = status
  const { trouble, phoneAway, vitals } = status
  return {
    ...status,
    since: date(since),
    ...(pairing ? { pairing: revivePairing(pairing) } : {}),
    ...(lastConnectedAt ? { lastConnectedAt: date(lastConnectedAt) } : {}),
    ...(lastDisconnect ? { lastDisconnect: { ...lastDisconnect, at: date(lastDisconnect.at) } } : {}),
    ...(retry ? { retry: { ...retry, nextAt: date(retry.nextAt) } } : {}),
    ...(protection ? { protection: reviveProtection(protection) } : {}),
    ...(trouble ? { trouble: { ...trouble, since: date(trouble.since) } } : {}),
    ...(phoneAway
      ? { phoneAway: { lastSeenAt: date(phoneAway.lastSeenAt), unlinksAt: date(phoneAway.unlinksAt) } }
      : {}),
    ...(vitals ? { vitals: reviveVitals(vitals) } : {}),
  }
}

function reviveVitals({ pingMs, ...times }: ConnectionVitals): ConnectionVitals {
  const revived = Object.entries(times).map(([name, at]) => [name, date(at)])
  return { ...(Object.fromEntries(revived) as typeof times), ...(pingMs === undefined ? {} : { pingMs }) }
}

function reviveProtection(protection: SessionProtection): SessionProtection {
  const { since, until, restriction } = protection
  return {
    ...protection,
    since: date(since),
    ...(until === undefined ? {} : { until: date(until) }),
    ...(restriction ? { restriction: { ...restriction, until: date(restriction.until) } } : {}),
  }
}

export function reviveReport(report: ProtectionReport): ProtectionReport {
  const { protection, warmUp } = report
  return {
    ...report,
    protection: reviveProtection(protection),
    ...(warmUp ? { warmUp: { ...warmUp, since: date(warmUp.since) } } : {}),
  }
}

export function reviveWaiting<W extends Waiting>(waiting: W): W {
  const { expectedAt } = waiting
  return { ...waiting, ...(expectedAt === undefined ? {} : { expectedAt: date(expectedAt) }) }
}
