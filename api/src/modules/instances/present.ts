import type { ConnectionVitals, Pairing, SessionStatus } from '@warren/contracts'
import type { Instance } from './service.ts'
import { instanceState } from './state.ts'

export function presentInstance({ id, resource, session }: Instance) {
  const { spec, metadata, status } = resource
  const state = instanceState(resource, session)
  return {
    id,
    ...(spec.displayName === undefined ? {} : { displayName: spec.displayName }),
    organization: spec.organization,
    operatingMode: spec.operatingMode,
    deletionPolicy: spec.deletionPolicy,
    pairing: spec.pairing,
    ...(spec.proxy ? { proxy: { ...spec.proxy, ...session.status?.proxy } } : {}),
    ...(spec.protection ? { protection: spec.protection } : {}),
    state,
    active: state === 'connected',
    // What a session said of itself holds only while that is also the state.
    ...(session.status?.phase === state ? presentStatus(session.status) : {}),
    ...(status?.account && session.status?.phase !== state ? { account: status.account } : {}),
    conditions: (status?.conditions ?? []).map(({ observedGeneration: _, ...condition }) => condition),
    createdAt: metadata.creationTimestamp,
  }
}

function presentStatus(status: SessionStatus) {
  const { reason, message, since, account, pairing, lastConnectedAt, lastDisconnect, retry } = status
  const { trouble, phoneAway, vitals } = status
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
    since: since.toISOString(),
    ...(account ? { account } : {}),
    // Neither QR nor code: they are shown to who asks for them.
    ...(pairing ? { attempt: presentAttempt(pairing) } : {}),
    ...(lastConnectedAt ? { lastConnectedAt: lastConnectedAt.toISOString() } : {}),
    ...(lastDisconnect ? { lastDisconnect: { ...lastDisconnect, at: lastDisconnect.at.toISOString() } } : {}),
    ...(retry ? { retry: { attempt: retry.attempt, nextAt: retry.nextAt.toISOString() } } : {}),
    ...(trouble ? { trouble: { ...trouble, since: trouble.since.toISOString() } } : {}),
    ...(phoneAway
      ? {
          phoneAway: {
            lastSeenAt: phoneAway.lastSeenAt.toISOString(),
            unlinksAt: phoneAway.unlinksAt.toISOString(),
          },
        }
      : {}),
    ...(vitals ? { vitals: presentVitals(vitals) } : {}),
  }
}

function presentVitals({ pingMs, ...times }: ConnectionVitals) {
  const texts = Object.entries(times).map(([name, at]) => [name, at.toISOString()])
  return { ...Object.fromEntries(texts), ...(pingMs === undefined ? {} : { pingMs }) }
}

function presentAttempt({ attempt, maxAttempts, expiresAt }: Pairing) {
  return {
    number: attempt,
    of: maxAttempts,
    ...(expiresAt ? { expiresAt: expiresAt.toISOString() } : {}),
  }
}

export function presentPairing({ method, qr, code, passkey, attempt, maxAttempts, expiresAt }: Pairing) {
  return {
    method,
    ...(qr === undefined ? {} : { qr }),
    ...(code === undefined ? {} : { code }),
    ...(passkey ? { passkey: { id: passkey.id, stage: passkey.stage } } : {}),
    attempt,
    maxAttempts,
    ...(expiresAt ? { expiresAt: expiresAt.toISOString() } : {}),
  }
}
