/**
 * Risk as a number: signals add to it, time takes it away, and thresholds slow and pause sending. Pure, so that what a night of failures
 * leads to can be read off a table. Times are milliseconds since 1970.
 */
import type { ProtectionSettings, ProtectionState, RiskCause } from '@warren/contracts'
import { DAY_MS, HOUR_MS } from './windows.ts'

export type Risk = {
  /** 0 to 100, as of `atMs`. */
  readonly score: number
  readonly atMs: number
  readonly state: ProtectionState
  readonly sinceMs: number
  /** What tipped the state. */
  readonly cause?: RiskCause
  /** When a pause ends by itself; absent while a person has to end it. */
  readonly untilMs?: number
  /** Pauses since sending was last normal: each is twice as long as the one before. */
  readonly pauses: number
}

export type RiskEvent =
  | { readonly type: 'signal'; readonly cause: RiskCause }
  /** Time has passed. */
  | { readonly type: 'tick' }
  /** A person ends a pause. */
  | { readonly type: 'resume' }

/** What each signal adds. Ten refused messages in half an hour are a pause, five are a slow-down; a restriction by WhatsApp is nearly one. */
export const WEIGHTS: Readonly<Record<RiskCause, number>> = {
  messageRefused: 9,
  notOnWhatsapp: 6,
  unanswered: 4,
  spike: 10,
  restricted: 35,
  capWarning: 15,
  capped: 40,
  loggedOut: 50,
  banned: 100,
}

/** The score halves in this time. */
const HALF_LIFE_MS = 2 * HOUR_MS
const SLOW_FROM = 40
/** Lower than where slowing begins, so that the state does not flicker. */
const NORMAL_BELOW = 25
const PAUSE_FROM = 80
/** The score after a pause: slow, and a little more pauses again. */
const AFTER_PAUSE = 60
const FIRST_PAUSE_MS = HOUR_MS
const LONGEST_PAUSE_MS = DAY_MS

export function noRisk(nowMs: number): Risk {
  return { score: 0, atMs: nowMs, state: 'normal', sinceMs: nowMs, pauses: 0 }
}

/** The score as it is at a moment. */
export function scoreAt({ score, atMs }: Risk, nowMs: number): number {
  return score * 2 ** (-Math.max(0, nowMs - atMs) / HALF_LIFE_MS)
}

export function stepRisk(
  risk: Risk,
  event: RiskEvent,
  breaker: ProtectionSettings['circuitBreaker'],
  nowMs: number,
): Risk {
  const score = scoreAt(risk, nowMs)
  if (event.type === 'signal') {
    const raised = { ...risk, score: Math.min(100, score + WEIGHTS[event.cause]), atMs: nowMs }
    return tipped(raised, event.cause, breaker, nowMs)
  }
  if (breaker === 'None') return settled(risk, 'normal', nowMs)
  if (risk.state === 'paused') {
    const over = event.type === 'resume' || (risk.untilMs !== undefined && risk.untilMs <= nowMs)
    if (!over) return risk
    return settled({ ...risk, score: Math.min(score, AFTER_PAUSE), atMs: nowMs }, 'slow', nowMs)
  }
  if (risk.state === 'slow' && (score < NORMAL_BELOW || event.type === 'resume'))
    return settled(
      event.type === 'resume' ? { ...risk, score: Math.min(score, NORMAL_BELOW), atMs: nowMs } : risk,
      'normal',
      nowMs,
    )
  return risk
}

function tipped(
  risk: Risk,
  cause: RiskCause,
  breaker: ProtectionSettings['circuitBreaker'],
  nowMs: number,
): Risk {
  if (breaker === 'None' || risk.state === 'paused') return risk
  if (risk.score >= PAUSE_FROM) {
    const lengthMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** risk.pauses)
    const until = breaker === 'Automatic' ? { untilMs: nowMs + lengthMs } : {}
    return { ...risk, state: 'paused', sinceMs: nowMs, cause, ...until, pauses: risk.pauses + 1 }
  }
  if (risk.score >= SLOW_FROM && risk.state === 'normal')
    return { ...risk, state: 'slow', sinceMs: nowMs, cause }
  return risk
}

function settled(risk: Risk, state: 'slow' | 'normal', nowMs: number): Risk {
  if (risk.state === state) return risk
  const { untilMs: _, cause, ...rest } = risk
  if (state === 'slow') return { ...rest, state, sinceMs: nowMs, ...(cause ? { cause } : {}) }
  return { ...rest, state, sinceMs: nowMs, pauses: 0 }
}

/** When time alone will change the state; undefined when it will not. */
export function nextChangeMs(risk: Risk): number | undefined {
  if (risk.state === 'paused') return risk.untilMs
  if (risk.state === 'normal') return undefined
  // A millisecond more than the decay takes: at the threshold itself it is still slow.
  return (
    risk.atMs +
    Math.max(0, Math.ceil(HALF_LIFE_MS * Math.log2(Math.max(risk.score, 1e-9) / NORMAL_BELOW))) +
    1
  )
}
