/** How a model gets its next status. */
import type { Pairing, SessionPhase } from '@warren/contracts'
import type { Env, SessionModel } from './model.ts'

export function withoutAccount(model: SessionModel): SessionModel {
  const { account: _gone, ...rest } = model
  return rest
}

export function showing(
  model: SessionModel,
  pairing: Omit<Pairing, 'attempt' | 'maxAttempts'>,
  env: Env,
  why: { reason?: string; message?: string } = {},
): SessionModel {
  const shown = phase(model, 'pairing', env, why)
  return {
    ...shown,
    status: {
      ...shown.status,
      pairing: { ...pairing, attempt: model.attempts, maxAttempts: model.maxAttempts },
    },
  }
}

/** The status of a phase: what belonged to another phase (pairing, retry, reason) is gone, history stays. */
export function phase(
  model: SessionModel,
  to: SessionPhase,
  env: Env,
  why: { reason?: string; message?: string } = {},
): SessionModel {
  const { status } = model
  return {
    ...model,
    status: {
      phase: to,
      ...(why.reason ? { reason: why.reason } : {}),
      ...(why.message ? { message: why.message } : {}),
      since: status.phase === to ? status.since : env.now,
      ...(model.account ? { account: model.account } : {}),
      ...(status.lastConnectedAt ? { lastConnectedAt: status.lastConnectedAt } : {}),
      ...(status.lastDisconnect ? { lastDisconnect: status.lastDisconnect } : {}),
      ...(status.proxy ? { proxy: status.proxy } : {}),
    },
  }
}
