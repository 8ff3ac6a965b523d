/** Keeps the account's risk and WhatsApp's restriction in the session's state, and tells what becomes of them. */
import type { ProtectionSettings, Restriction, RiskCause, SessionProtection } from '@warren/contracts'
import type { Clock, Timer } from '@warren/runtime/clock'
import type { JournalDraft } from '../session/journal.ts'
import type { Change, SessionState } from '../store/state.ts'
import { nextChangeMs, noRisk, type Risk, type RiskEvent, scoreAt, stepRisk } from './risk.ts'

const RISK = { type: 'protection', id: 'risk' } as const
const RESTRICTION = { type: 'protection', id: 'restriction' } as const

/** Told even when they change nothing: each may be the last before a ban. */
const ALWAYS_TOLD: readonly RiskCause[] = ['restricted', 'capWarning', 'capped', 'loggedOut', 'banned']

const WORDS: Readonly<Record<RiskCause, string>> = {
  messageRefused: 'WhatsApp refused a message',
  notOnWhatsapp: 'a message was for a number that is not on WhatsApp',
  unanswered: 'WhatsApp left a message unanswered',
  spike: 'far more messages than usual went out',
  restricted: 'WhatsApp restricts the account from beginning conversations',
  capWarning: 'WhatsApp warned that the account begins too many conversations',
  capped: 'WhatsApp lets the account begin no more conversations in this cycle',
  loggedOut: 'WhatsApp ended the link of the account',
  banned: 'WhatsApp locked or banned the account',
}

export type RiskKeeper = {
  current(): Risk
  score(): number
  signal(cause: RiskCause): void
  resume(): void
  restriction(): { readonly reason: Restriction['reason']; readonly untilMs: number } | undefined
  /** WhatsApp restricts, or with `undefined` lifts what it restricted. */
  restrict(restriction: Restriction | undefined): void
  /** Changes that forget everything: another account was linked. */
  clear(): Change[]
  /** What the session's status shows; undefined as long as there is nothing to tell. The same object until it changes. */
  status(): SessionProtection | undefined
  start(): void
  stop(): void
}

export function createRiskKeeper(options: {
  state: SessionState
  breaker: ProtectionSettings['circuitBreaker']
  clock: Clock
  /** Something that others may see has changed. */
  onChange: () => void
}): RiskKeeper {
  const { state, breaker, clock, onChange } = options
  let timer: Timer | undefined
  let shown: SessionProtection | undefined

  const nowMs = () => clock.now().getTime()
  const current = () => (state.get(RISK.type, RISK.id) as Risk | undefined) ?? noRisk(nowMs())
  const stored = () => state.get(RESTRICTION.type, RESTRICTION.id) as ReturnType<RiskKeeper['restriction']>
  const restriction = () => {
    const found = stored()
    return found && found.untilMs > nowMs() ? found : undefined
  }

  function step(event: RiskEvent): void {
    const before = current()
    const next = stepRisk(before, event, breaker, nowMs())
    if (next === before) {
      schedule()
      return
    }
    const cause = event.type === 'signal' ? event.cause : undefined
    const tell = next.state !== before.state || (cause !== undefined && ALWAYS_TOLD.includes(cause))
    state.apply([{ ...RISK, value: next }], tell ? [draft(before, next, event)] : [], 'lazy')
    changed()
  }

  function draft(before: Risk, next: Risk, event: RiskEvent): JournalDraft {
    const cause = event.type === 'signal' ? event.cause : undefined
    const until =
      next.untilMs ?? (cause === 'restricted' || cause === 'capped' ? stored()?.untilMs : undefined)
    return {
      type: 'account.risk',
      at: clock.now(),
      data: {
        state: next.state,
        previous: before.state,
        score: Math.round(next.score),
        ...(cause ? { cause } : {}),
        message: sentence(before, next, event),
        ...(until === undefined ? {} : { until: new Date(until) }),
      },
    }
  }

  function changed(): void {
    shown = statusOf(current(), restriction())
    schedule()
    onChange()
  }

  function schedule(): void {
    timer?.stop()
    const due = [nextChangeMs(current()), stored()?.untilMs].flatMap((at) => at ?? [])
    if (due.length > 0) timer = clock.setTimer(Math.max(1, Math.min(...due) - nowMs()), tick)
  }

  function tick(): void {
    if (stored() && !restriction()) restrict(undefined)
    step({ type: 'tick' })
  }

  function restrict(next: Restriction | undefined): void {
    if (!next && !stored()) return
    const value = next && { reason: next.reason, untilMs: next.until.getTime() }
    state.apply([{ ...RESTRICTION, value }], [], 'lazy')
    changed()
  }

  return {
    current,
    score: () => scoreAt(current(), nowMs()),
    signal: (cause) => step({ type: 'signal', cause }),
    resume: () => step({ type: 'resume' }),
    restriction,
    restrict,
    clear() {
      shown = undefined
      timer?.stop()
      return [RISK, RESTRICTION]
        .filter(({ type, id }) => state.get(type, id) !== undefined)
        .map((place) => ({ ...place, value: undefined }))
    },
    status: () => shown,
    start() {
      shown = statusOf(current(), restriction())
      tick()
    },
    stop: () => timer?.stop(),
  }
}

function statusOf(
  { state, score, sinceMs, cause, untilMs }: Risk,
  restriction: ReturnType<RiskKeeper['restriction']>,
): SessionProtection | undefined {
  if (state === 'normal' && !restriction) return undefined
  return {
    state,
    score: Math.round(score),
    since: new Date(sinceMs),
    ...(cause ? { cause } : {}),
    ...(untilMs === undefined ? {} : { until: new Date(untilMs) }),
    ...(restriction
      ? { restriction: { reason: restriction.reason, until: new Date(restriction.untilMs) } }
      : {}),
  }
}

function sentence(before: Risk, next: Risk, event: RiskEvent): string {
  const why = event.type === 'signal' ? WORDS[event.cause] : undefined
  const first = why ? `${why.charAt(0).toUpperCase()}${why.slice(1)}. ` : ''
  if (next.state === before.state) return first.trim()
  if (next.state === 'paused')
    return `${first}Sending is paused${next.untilMs === undefined ? ' until a person resumes it' : ''}.`
  if (next.state === 'slow')
    return before.state === 'paused'
      ? 'The pause is over; messages go out at half speed for now.'
      : `${first}Messages go out at half speed.`
  return 'Messages go out at full speed again.'
}
