/**
 * The life of a session as a pure function: what happened, and what the session is like now -> what it is like next, and what to do.
 * Nothing here waits, connects or stores.
 */
import type { PasskeyStep } from '@warren/contracts'
import { backOffMs, conflictMs, QUICK_ATTEMPTS, reconnectNowMs, slowBackOffMs } from './backoff.ts'
import { type Ending, RESTART_REQUIRED, reactionTo } from './disconnects.ts'
import {
  CREDENTIALS_DAMAGED,
  type Effect,
  type Env,
  EXPORTED,
  type PairingRequest,
  type Rest,
  type SessionEvent,
  type SessionModel,
  type Step,
} from './model.ts'
import { phase, showing, withoutAccount } from './status.ts'

/** Conflicts in a row after which the rightful holder stops to fight with a copy of its credentials. */
const MAX_CONFLICTS = 3
/** A connection that held this long proves that nobody fights for it: a rival, too, comes back within a minute or two. */
const UNDISPUTED_MS = 5 * 60_000
/**
 * A login alone proves little: a server that accepts and then closes is a failed attempt, until a connection held this long. Shorter than
 * the time after which a silent one is given up, or the two would add up.
 */
const STABLE_MS = 20_000
/** WhatsApp must tell of a logout this often before it is believed. */
const LOGOUT_CONFIRMATIONS = 2

/** Reason of a pairing whose code WhatsApp did not give. */
export const CODE_REFUSED = 'PairingCodeRefused'

/** Reason of a pairing that waits for a passkey. */
export const PASSKEY_REQUIRED = 'PasskeyRequired'

/** The next state and what to do, in order. */
export function step(model: SessionModel, event: SessionEvent, env: Env): Step {
  switch (event.type) {
    case 'loaded':
      return load(model, event, env)
    case 'pairRequested':
      return startPairing(model, event.request, env)
    case 'qr':
      return showQr(model, event, env)
    case 'code': {
      const attempts = model.attempts + 1
      return {
        model: showing(
          { ...model, attempts },
          { method: 'code', code: event.code, expiresAt: event.expiresAt },
          env,
        ),
        effects: [],
      }
    }
    case 'codeRefused':
      return codeRefused(model, event.text, env)
    case 'proxied':
      return {
        model: { ...model, status: { ...model.status, proxy: { address: event.address } } },
        effects: [],
      }
    case 'passkey':
      return showPasskey(model, event.step, env)
    case 'passkeyFailed':
      return model.pairing ? settle(model, 'parked', event.reason, event.text, env) : { model, effects: [] }
    case 'paired': {
      const { pairing: _done, flaw: _gone, ...rest } = model
      const paired = { ...rest, account: event.account, attempts: 0, failures: 0, logoutsHeard: 0 }
      return { model: phase(paired, 'connecting', env), effects: [{ do: 'rest', rest: null }] }
    }
    case 'imported': {
      const { pairing: _ended, flaw: _gone, ...rest } = model
      const linked = {
        ...rest,
        account: event.account,
        attempts: 0,
        failures: 0,
        logoutsHeard: 0,
        conflicts: 0,
      }
      return after([{ do: 'rest', rest: null }], connectNow(linked, env))
    }
    case 'wrongNumber':
      return settle(
        withoutAccount(model),
        'parked',
        'WrongPhoneNumber',
        `The number ${event.linked} was linked, but this instance is for ${event.wanted}. It was unlinked again; pair the right phone.`,
        env,
      )
    case 'opened': {
      const open = phase({ ...model, logoutsHeard: 0 }, 'connected', env)
      return { model: { ...open, status: { ...open.status, lastConnectedAt: env.now } }, effects: [] }
    }
    case 'accountChanged':
      return {
        model: { ...model, account: event.account, status: { ...model.status, account: event.account } },
        effects: [],
      }
    case 'closed':
      return closed(model, event.ending, env)
    case 'retryDue':
      return connectNow(model, env)
    case 'restartRequested': {
      if (model.flaw) return parkDamaged(model, model.flaw, env)
      if (!model.account) return startPairing(model, model.pairing ?? { method: 'qr' }, env)
      const fresh = { ...model, failures: 0, logoutsHeard: 0, conflicts: 0 }
      return after([{ do: 'rest', rest: null }], connectNow(fresh, env))
    }
    case 'disconnectRequested':
      return settle(
        model,
        'parked',
        'DisconnectedByRequest',
        'Disconnected on request. Restart or pair to go on.',
        env,
      )
    case 'loggedOut':
      return logOut(model, event.by, env)
    case 'stopped':
      return { model: phase(model, 'stopped', env), effects: [{ do: 'close' }] }
  }
}

function load(model: SessionModel, event: Extract<SessionEvent, { type: 'loaded' }>, env: Env): Step {
  if (event.flaw) return parkDamaged({ ...model, flaw: event.flaw }, event.flaw, env)
  // The credentials of an ended link are kept, but they are no account any more.
  const linked = event.account && event.rest?.phase !== 'loggedOut'
  const loaded = linked && event.account ? { ...model, account: event.account } : model
  if (event.rest) {
    const { phase: at, reason, message } = event.rest
    return { model: phase(loaded, at, env, { reason, message }), effects: [] }
  }
  if (event.account) return connectNow(loaded, env)
  return startPairing(loaded, event.pairing ?? { method: 'qr' }, env)
}

/** Not stored as a rest: the next process looks for itself. */
function parkDamaged({ pairing: _given, ...model }: SessionModel, flaw: string, env: Env): Step {
  const message = `The stored credentials are damaged: ${flaw}. Nothing was removed. Restore a snapshot, or pair anew.`
  const parked = phase(model, 'parked', env, { reason: CREDENTIALS_DAMAGED, message })
  return { model: parked, effects: [{ do: 'close' }] }
}

function startPairing(model: SessionModel, request: PairingRequest, env: Env): Step {
  const { account: _unlinked, ...rest } = model
  const fresh = { ...rest, pairing: request, attempts: 0, failures: 0, logoutsHeard: 0, conflicts: 0 }
  return {
    model: phase(fresh, 'pairing', env),
    effects: [
      { do: 'rest', rest: null },
      { do: 'connect', pairing: request },
    ],
  }
}

function showQr(model: SessionModel, event: Extract<SessionEvent, { type: 'qr' }>, env: Env): Step {
  if (model.pairing?.method !== 'qr') return { model, effects: [] }
  if (model.attempts >= model.maxAttempts) return attemptsUsedUp(model, env)
  const next = { ...model, attempts: model.attempts + 1, failures: 0 }
  return {
    model: showing(next, { method: 'qr', qr: event.qr, expiresAt: event.expiresAt }, env),
    effects: [],
  }
}

/** What a person has to do, by what the step waits for. */
const PASSKEY_TEXTS: Record<PasskeyStep['stage'], string> = {
  assertion: 'WhatsApp asks for the passkey of this account. Use it with the helper for the browser.',
  phone: 'The passkey was handed in; WhatsApp and the phone go on.',
  confirmation: 'Compare the confirmation code with the one on the phone, then confirm it.',
  link: 'The passkey was accepted; the phone links this device.',
}

function showPasskey(model: SessionModel, step: PasskeyStep, env: Env): Step {
  if (!model.pairing) return { model, effects: [] }
  const { method } = model.pairing
  const why = { reason: PASSKEY_REQUIRED, message: PASSKEY_TEXTS[step.stage] }
  return {
    model: showing(model, { method, passkey: step, expiresAt: step.expiresAt }, env, why),
    effects: [],
  }
}

/** An attempt like one whose code nobody entered; the next asks on a new connection. */
function codeRefused(model: SessionModel, text: string, env: Env): Step {
  if (model.pairing?.method !== 'code') return { model, effects: [] }
  const why = { reason: CODE_REFUSED, message: `WhatsApp gave no pairing code: ${text}` }
  const next = { ...model, attempts: model.attempts + 1 }
  if (next.attempts >= next.maxAttempts) return settle(next, 'parked', why.reason, why.message, env)
  return after([{ do: 'close' }], again(next, undefined, env, why))
}

function attemptsUsedUp(model: SessionModel, env: Env): Step {
  const text = `No phone was linked within ${model.maxAttempts} attempts. Ask for a new pairing when the phone is at hand.`
  return settle(model, 'parked', 'PairingAttemptsUsedUp', text, env)
}

function closed(model: SessionModel, ending: Ending, env: Env): Step {
  const { phase: before, since } = model.status
  // Each new link is asked to connect anew: that is no loss to tell of.
  const linking = ending.code === RESTART_REQUIRED && before !== 'connected'
  const lastDisconnect = { code: ending.code, reason: ending.text, at: env.now }
  const heldMs = before === 'connected' ? env.now.getTime() - since.getTime() : 0
  const lost = {
    ...model,
    failures: heldMs >= STABLE_MS ? 0 : model.failures,
    conflicts: heldMs >= UNDISPUTED_MS ? 0 : model.conflicts,
    status: { ...model.status, ...(linking ? {} : { lastDisconnect }) },
  }
  const reaction = reactionTo(ending)
  switch (reaction.kind) {
    case 'reconnectNow':
      return again(lost, lost.failures === 0 ? reconnectNowMs(env.random()) : undefined, env)
    case 'backOff':
      if (reaction.parkAfter !== undefined && lost.failures + 1 >= reaction.parkAfter)
        return settle(
          lost,
          'parked',
          'ConnectionRefused',
          `WhatsApp refused the connection ${reaction.parkAfter} times: ${ending.text}`,
          env,
        )
      return again(lost, undefined, env, reaction.why)
    case 'backOffSlowly':
      return again(lost, slowBackOffMs(env.random()), env, {
        reason: reaction.reason,
        message: reaction.message,
      })
    case 'checkLease':
      if (lost.conflicts + 1 >= MAX_CONFLICTS)
        return settle(
          lost,
          'parked',
          'ConnectionReplaced',
          'Another process uses the credentials of this account. Find it, then restart.',
          env,
        )
      return after(
        [{ do: 'checkLease' }],
        again({ ...lost, conflicts: lost.conflicts + 1 }, conflictMs(env.random()), env, {
          reason: 'ConnectionReplaced',
        }),
      )
    case 'confirmLogout':
      if (!lost.account) return again(lost, undefined, env)
      if (lost.logoutsHeard + 1 >= LOGOUT_CONFIRMATIONS) return logOut(lost, 'device_removed', env)
      return again({ ...lost, logoutsHeard: lost.logoutsHeard + 1 }, reconnectNowMs(env.random()), env)
    case 'banned':
      return banned(lost, reaction, env)
    case 'pairingEnded':
      return lost.attempts >= lost.maxAttempts
        ? attemptsUsedUp(lost, env)
        : again(lost, reconnectNowMs(env.random()), env)
    case 'park':
      return settle(lost, 'parked', reaction.reason, reaction.message, env)
  }
}

function banned(
  model: SessionModel,
  reaction: { reason: string; message: string; untilSeconds?: number },
  env: Env,
): Step {
  const resting = settle(model, 'banned', reaction.reason, reaction.message, env)
  if (reaction.untilSeconds === undefined) return resting
  const afterMs = reaction.untilSeconds * 1000
  const retry = { attempt: 1, nextAt: new Date(env.now.getTime() + afterMs) }
  const status = { ...resting.model.status, retry }
  // Not stored as a rest: a restarted process asks WhatsApp itself whether the ban is over.
  return { model: { ...resting.model, status }, effects: [{ do: 'close' }, { do: 'retry', afterMs }] }
}

/** Schedules the next attempt of what was going on: the linked session, or its pairing. */
function again(
  model: SessionModel,
  waitMs: number | undefined,
  env: Env,
  why: { reason?: string; message?: string } = {},
): Step {
  if (!model.account && !model.pairing) return { model, effects: [] }
  if (model.pairing?.method === 'code' && model.attempts >= model.maxAttempts)
    return attemptsUsedUp(model, env)
  const failures = model.failures + 1
  const afterMs = waitMs ?? backOffMs(failures, env.random())
  const slow = failures > QUICK_ATTEMPTS && !why.reason
  const reason = slow
    ? { reason: 'SlowRetries', message: `${failures} attempts failed in a row; trying less often.` }
    : why
  const retry = { attempt: failures, nextAt: new Date(env.now.getTime() + afterMs) }
  const waiting = phase({ ...model, failures }, model.account ? 'reconnecting' : 'pairing', env, reason)
  return { model: { ...waiting, status: { ...waiting.status, retry } }, effects: [{ do: 'retry', afterMs }] }
}

function connectNow(model: SessionModel, env: Env): Step {
  if (!model.account) {
    if (!model.pairing) return { model, effects: [] }
    return { model: phase(model, 'pairing', env), effects: [{ do: 'connect', pairing: model.pairing }] }
  }
  const at = model.status.lastConnectedAt ? 'reconnecting' : 'connecting'
  const { reason, message, retry } = model.status
  const why =
    at === 'reconnecting' && model.status.phase === at
      ? { ...(reason ? { reason } : {}), ...(message ? { message } : {}) }
      : {}
  const next = phase(model, at, env, why)
  return {
    model: retry && at === model.status.phase ? { ...next, status: { ...next.status, retry } } : next,
    effects: [{ do: 'connect' }],
  }
}

/** Closes and stays so until a person asks. */
function settle(model: SessionModel, at: Rest['phase'], reason: string, message: string, env: Env): Step {
  const { pairing: _given, ...rest } = model
  return {
    model: phase(rest, at, env, { reason, message }),
    effects: [{ do: 'close' }, { do: 'rest', rest: { phase: at, reason, message } }],
  }
}

function logOut(model: SessionModel, by: string, env: Env): Step {
  const [reason, text] =
    by === EXPORTED
      ? [
          'Exported',
          'The session was taken elsewhere with its link. Import it again, or pair anew, to go on here.',
        ]
      : [
          'LoggedOut',
          'The link to WhatsApp has ended. Pair again to go on; the old credentials are kept, sealed.',
        ]
  return after(
    [{ do: 'journalLoggedOut', reason: by }],
    settle(withoutAccount(model), 'loggedOut', reason, text, env),
  )
}

const after = (effects: readonly Effect[], next: Step): Step => ({
  model: next.model,
  effects: [...effects, ...next.effects],
})
