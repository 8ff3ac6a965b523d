/**
 * Account protection: what may be set, and what a session tells of it. Limits and pauses make messages wait; they never lose one.
 */
import Joi from 'joi'

/** `spec.protection`, and the variable WARREN_PROTECTION of a session pod. What is absent has the value of {@link PROTECTION_DEFAULTS}. */
export type ProtectionSpec = {
  /** Messages of the account in any 60 s, 60 min and 24 h; one over a limit waits. */
  limits?: { mode?: 'Enforced' | 'Unlimited'; perMinute?: number; perHour?: number; perDay?: number }
  /** `Human` types and pauses before each message, `HumanExceptReplies` not in chats that wrote within the last 15 minutes. */
  pacing?: 'Human' | 'HumanExceptReplies' | 'None'
  /** `Gradual` begins a newly linked number at a tenth of the hourly and daily limits. */
  warmUp?: 'Gradual' | 'None'
  /** Whether risk slows and pauses sending: `Automatic` resumes by itself, `Manual` waits for a person, `None` only tells. */
  circuitBreaker?: 'Automatic' | 'Manual' | 'None'
  /** Whole messages that end marketing to their sender, besides those that Warren knows in many languages. At most 50. */
  optOutWords?: string[]
}

export type ProtectionSettings = {
  readonly limits: {
    readonly mode: 'Enforced' | 'Unlimited'
    readonly perMinute: number
    readonly perHour: number
    readonly perDay: number
  }
  readonly pacing: 'Human' | 'HumanExceptReplies' | 'None'
  readonly warmUp: 'Gradual' | 'None'
  readonly circuitBreaker: 'Automatic' | 'Manual' | 'None'
  readonly optOutWords: readonly string[]
}

export const PROTECTION_DEFAULTS: ProtectionSettings = {
  limits: { mode: 'Enforced', perMinute: 20, perHour: 100, perDay: 1000 },
  pacing: 'Human',
  warmUp: 'Gradual',
  circuitBreaker: 'Automatic',
  optOutWords: [],
}

/** For what is no real account: a simulated WhatsApp, tests, measurements. */
export const PROTECTION_OFF: ProtectionSettings = {
  limits: { ...PROTECTION_DEFAULTS.limits, mode: 'Unlimited' },
  pacing: 'None',
  warmUp: 'None',
  circuitBreaker: 'None',
  optOutWords: [],
}

/** The greatest limits that can be asked for. Each counted message is remembered for a day. */
export const PROTECTION_BOUNDS = { perMinute: 1_000, perHour: 10_000, perDay: 50_000 } as const

const limit = (tier: keyof typeof PROTECTION_BOUNDS, span: string) =>
  Joi.number().integer().min(1).max(PROTECTION_BOUNDS[tier]).description(`Messages in any ${span}.`)

/** Checks a {@link ProtectionSpec}. */
export const protectionSpecSchema = Joi.object<ProtectionSpec>({
  limits: Joi.object({
    mode: Joi.valid('Enforced', 'Unlimited').description('`Unlimited` counts nothing.'),
    perMinute: limit('perMinute', 'minute'),
    perHour: limit('perHour', 'hour'),
    perDay: limit('perDay', '24 hours'),
  }).description('How many messages the account sends; what is over a limit waits.'),
  pacing: Joi.valid('Human', 'HumanExceptReplies', 'None').description(
    'Typing before each message and pauses between chats; optionally not in chats that wrote within 15 minutes.',
  ),
  warmUp: Joi.valid('Gradual', 'None').description(
    'Whether the hourly and daily limits of a newly linked number grow over a week.',
  ),
  circuitBreaker: Joi.valid('Automatic', 'Manual', 'None').description(
    'Whether risk slows and pauses sending, and whether a pause ends by itself.',
  ),
  optOutWords: Joi.array()
    .items(Joi.string().trim().min(1).max(100))
    .max(50)
    .description('Whole messages that end marketing to their sender, besides the built-in ones.'),
})

/** Fills in what was left out. */
export function protectionSettings(spec: ProtectionSpec): ProtectionSettings {
  return { ...PROTECTION_DEFAULTS, ...spec, limits: { ...PROTECTION_DEFAULTS.limits, ...spec.limits } }
}

/**
 * - `normal`: the limits hold as they are set
 * - `slow`: signals of risk added up; half of the limits hold
 * - `paused`: nothing is sent until `until`, or until a person resumes
 */
export const PROTECTION_STATES = ['normal', 'slow', 'paused'] as const
export type ProtectionState = (typeof PROTECTION_STATES)[number]

/** What WhatsApp did that speaks of risk. */
export const RISK_CAUSES = [
  'messageRefused',
  'notOnWhatsapp',
  'unanswered',
  'spike',
  'restricted',
  'capWarning',
  'capped',
  'loggedOut',
  'banned',
] as const
export type RiskCause = (typeof RISK_CAUSES)[number]

/** WhatsApp lets the account begin no new conversations until then. */
export type Restriction = { readonly reason: 'restricted' | 'capped'; readonly until: Date }

/** Part of a session's status. */
export type SessionProtection = {
  readonly state: ProtectionState
  /** 0 to 100 when the state last changed. */
  readonly score: number
  readonly since: Date
  /** What tipped it. */
  readonly cause?: RiskCause
  /** When a pause ends by itself. */
  readonly until?: Date
  readonly restriction?: Restriction
}

/**
 * Why a message waits.
 * - `limit`: a limit of the account is reached
 * - `pacing`: a person would not be that fast
 * - `paused`: sending is paused because of risk
 * - `restricted`, `capped`: WhatsApp lets the account begin no new conversations
 * - `retrying`: it did not get through and is tried again
 * - `unanswered`: WhatsApp did not answer; the connection is renewed, the message goes out again under the same id
 */
export const WAITING_REASONS = [
  'limit',
  'pacing',
  'paused',
  'restricted',
  'capped',
  'retrying',
  'unanswered',
] as const
export type WaitingReason = (typeof WAITING_REASONS)[number]

export type Waiting = {
  readonly reason: WaitingReason
  /** Messages of the account that go before it, and itself. */
  readonly position: number
  /** When it is expected to go; absent where nobody can know. */
  readonly expectedAt?: Date
}

/** One line of the queue of a session. */
export type WaitingSend = Waiting & { readonly id: string; readonly to: string }

/** What a session pod tells of its protection at this moment. */
export type ProtectionReport = {
  readonly protection: SessionProtection
  /** The score as it has decayed to, 0 to 100. */
  readonly score: number
  readonly settings: ProtectionSettings
  /** The limits as they hold now, after warm-up and slowing, and how much of each is used. Absent when they are off. */
  readonly limits?: {
    readonly [T in 'minute' | 'hour' | 'day']: { readonly limit: number; readonly used: number }
  }
  /** Of a number that warms up: since when, and the share of the full limits it has, 0 to 1. */
  readonly warmUp?: { readonly since: Date; readonly factor: number }
  readonly waiting: number
}
