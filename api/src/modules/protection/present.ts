import type { ProtectionReport, SessionProtection } from '@warren/contracts'
import type { IncidentDoc } from './repo.ts'

export function presentReport({ protection, score, settings, limits, warmUp, waiting }: ProtectionReport) {
  const { optOutWords, ...rest } = settings
  return {
    ...presentState(protection),
    score,
    waiting,
    ...(limits ? { limits } : {}),
    ...(warmUp ? { warmUp: { since: warmUp.since.toISOString(), factor: warmUp.factor } } : {}),
    settings: { ...rest, optOutWords: [...optOutWords] },
  }
}

function presentState({ state, since, cause, until, restriction }: SessionProtection) {
  return {
    state,
    since: since.toISOString(),
    ...(cause ? { cause } : {}),
    ...(until ? { until: until.toISOString() } : {}),
    ...(restriction
      ? { restriction: { reason: restriction.reason, until: restriction.until.toISOString() } }
      : {}),
  }
}

export function presentIncident({ at, state, previous, score, cause, message, until }: IncidentDoc) {
  return {
    at: at.toISOString(),
    state,
    previous,
    score,
    ...(cause ? { cause } : {}),
    message,
    ...(until ? { until: until.toISOString() } : {}),
  }
}
