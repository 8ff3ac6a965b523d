/** The shell around the state machine: stores and journals what it decided, and has it done. */
import type { Account, SessionStatus } from '@warren/contracts'
import type { Clock, Timer } from '@warren/runtime/clock'
import { linkEnded } from '../store/ended-link.ts'
import type { Change, SessionState } from '../store/state.ts'
import type { JournalDraft } from './journal.ts'
import { step } from './machine.ts'
import { type Effect, initialModel, type PairingRequest, type Rest, type SessionEvent } from './model.ts'

/** What the session needs of the connection to WhatsApp. */
export type Link = {
  /** Connects: for a pairing with fresh credentials, else with the stored ones. An open connection is closed first. */
  open(pairing?: PairingRequest): void
  close(): void
}

export type Session = {
  dispatch(event: SessionEvent): void
  status(): SessionStatus
  /** Whether an account is linked. */
  account(): Account | undefined
  /** What is paired with at present, or waits for its next attempt. */
  pairing(): PairingRequest | undefined
  /** Resolves with the status as soon as it meets the condition; rejects with the signal's reason. */
  when(condition: (status: SessionStatus) => boolean, signal: AbortSignal): Promise<SessionStatus>
  stop(): void
}

export type SessionOptions = {
  readonly state: SessionState
  readonly clock: Clock
  readonly random: () => number
  readonly maxAttempts: number
  readonly link: Link
  /** What is kept of the credentials at such a moment. */
  readonly snapshot: (reason: 'connected' | 'loggedOut') => readonly Change[]
  /** Other credentials are in place than those that were loaded. */
  readonly onLinked: () => void
  readonly onStatus: (status: SessionStatus, before: SessionStatus) => void
  readonly checkLease: () => void
}

const REST = { type: 'rest', id: 'main' } as const

/** The rest that an earlier process left. */
export function storedRest(state: SessionState): Rest | undefined {
  return state.get(REST.type, REST.id) as Rest | undefined
}

export function createSession(options: SessionOptions): Session {
  const { state, clock, random, link, onStatus, checkLease } = options
  const watchers = new Set<(status: SessionStatus) => void>()
  let model = initialModel(options.maxAttempts, clock.now())
  let retry: Timer | undefined

  function dispatch(event: SessionEvent): void {
    const now = clock.now()
    const before = model.status
    const next = step(model, event, { now, random })
    model = next.model
    const kept = event.type === 'opened' ? options.snapshot('connected') : []
    state.apply([...kept, ...changesOf(next.effects, now)], draftsOf(event, next.effects, before, now))
    if (event.type === 'paired' || event.type === 'imported') options.onLinked()
    for (const effect of next.effects) perform(effect)
    onStatus(model.status, before)
    for (const watch of watchers) watch(model.status)
  }

  function changesOf(effects: readonly Effect[], at: Date): Change[] {
    return effects.flatMap((effect) => {
      if (effect.do === 'journalLoggedOut')
        return [...options.snapshot('loggedOut'), linkEnded(effect.reason, at)]
      if (effect.do !== 'rest' || (!effect.rest && !storedRest(state))) return []
      return [{ ...REST, value: effect.rest ?? undefined }]
    })
  }

  function draftsOf(
    event: SessionEvent,
    effects: readonly Effect[],
    before: SessionStatus,
    at: Date,
  ): JournalDraft[] {
    const { phase, reason, message, account } = model.status
    const drafts: JournalDraft[] = []
    if (event.type === 'paired' || event.type === 'imported')
      drafts.push({ type: 'session.paired', at, data: { account: event.account } })
    for (const effect of effects) {
      if (effect.do === 'journalLoggedOut')
        drafts.push({ type: 'session.loggedOut', at, data: { reason: effect.reason } })
    }
    if (phase !== before.phase || reason !== before.reason || event.type === 'accountChanged')
      drafts.push({
        type: 'session.status',
        at,
        data: {
          phase,
          ...(reason ? { reason } : {}),
          ...(message ? { message } : {}),
          ...(account ? { account } : {}),
        },
      })
    return drafts
  }

  function perform(effect: Effect): void {
    if (effect.do === 'connect' || effect.do === 'close' || effect.do === 'retry') retry?.stop()
    if (effect.do === 'connect') link.open(effect.pairing)
    if (effect.do === 'close') link.close()
    if (effect.do === 'retry') retry = clock.setTimer(effect.afterMs, () => dispatch({ type: 'retryDue' }))
    if (effect.do === 'checkLease') checkLease()
  }

  return {
    dispatch,
    status: () => model.status,
    account: () => model.account,
    pairing: () => model.pairing,
    when: (condition, signal) =>
      new Promise((resolve, reject) => {
        if (condition(model.status)) return resolve(model.status)
        const end = () => {
          watchers.delete(watch)
          signal.removeEventListener('abort', abort)
        }
        const abort = () => {
          end()
          reject(signal.reason)
        }
        const watch = (status: SessionStatus) => {
          if (!condition(status)) return
          end()
          resolve(status)
        }
        watchers.add(watch)
        signal.addEventListener('abort', abort, { once: true })
      }),
    stop() {
      retry?.stop()
    },
  }
}
