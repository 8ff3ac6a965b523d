/** Everything that protects the account, wired onto the session's state. */
import type {
  Address,
  Message,
  ProtectionReport,
  ProtectionSettings,
  RiskCause,
  SessionProtection,
} from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { JournalDraft } from '../session/journal.ts'
import type { Change, SessionState } from '../store/state.ts'
import type { RestrictionNews } from '../whatsapp/restrictions.ts'
import { createAcquaintances } from './acquaintances.ts'
import { tiersAt, warmUpFactor } from './limits.ts'
import { createOptOutReader } from './opt-out.ts'
import { createRiskKeeper } from './risk-keeper.ts'
import { createSendGate, type SendGate } from './send-gate.ts'
import { createSpent } from './spent.ts'
import { isSpike } from './spike.ts'
import { HOUR_MS, usedIn } from './windows.ts'

const ACCOUNT = { type: 'protection', id: 'account' } as const
type LinkedAccount = { readonly phone: string; readonly sinceMs: number }

export type Protection = {
  readonly gate: SendGate
  /** Part of the session's status; undefined as long as there is nothing to tell. */
  status(): SessionProtection | undefined
  report(): ProtectionReport
  resume(): void
  signal(cause: RiskCause): void
  /** WhatsApp restricts the account, warns it, or takes that back. */
  heard(news: RestrictionNews): void
  /** The end of a restriction that holds now. */
  restrictedUntil(): Date | undefined
  /** Which number is linked: another one begins anew. */
  linked(phone: string): void
  /** What a received message changes, for the step that stores it. */
  received(message: Message): { changes: Change[]; drafts: JournalDraft[] }
  /** The same of a message from before the link: an old wish to opt out is not taken for one of today. */
  met(chat: Address): Change[]
  /** WhatsApp took a message for this chat. */
  sent(chat: Address): void
  isOptedOut(chat: Address): boolean
  /** Whether messages may have to wait at all, by the settings. */
  readonly mayHoldBack: boolean
  /** Whether WhatsApp does not let a conversation with this chat begin at present. */
  isHeld(chat: Address): boolean
  optIn(chat: Address): void
  start(): void
  stop(): void
}

export function createProtection(options: {
  settings: ProtectionSettings
  state: SessionState
  clock: Clock
  random: () => number
  /** Shows the recipient that somebody types. */
  type: (chat: Address) => void
  /** The first of this lane may go now. */
  onPass: (lane: string) => void
  /** The status, or what commands tell, has changed. */
  onChange: () => void
}): Protection {
  const { settings, state, clock, random } = options
  const nowMs = () => clock.now().getTime()
  const spent = createSpent(state)
  const people = createAcquaintances({ state, clock, readOptOut: createOptOutReader(settings.optOutWords) })
  const risk = createRiskKeeper({
    state,
    breaker: settings.circuitBreaker,
    clock,
    onChange() {
      gate.look()
      options.onChange()
    },
  })
  const linked = () => state.get(ACCOUNT.type, ACCOUNT.id) as LinkedAccount | undefined
  const restriction = () => (settings.circuitBreaker === 'None' ? undefined : risk.restriction())
  const limited = settings.limits.mode === 'Enforced'
  let lastSpikeMs = Number.NEGATIVE_INFINITY

  const tiers = () =>
    limited
      ? tiersAt(settings, { state: risk.current().state, linkedMs: linked()?.sinceMs, nowMs: nowMs() })
      : []

  function spentNow(): readonly number[] {
    if (!limited) return []
    state.apply(spent.settle(nowMs()), [], 'lazy')
    return spent.times()
  }

  const gate = createSendGate({
    clock,
    random,
    facts() {
      const { state: now, untilMs = Number.POSITIVE_INFINITY } = risk.current()
      return {
        spent: spentNow(),
        tiers: tiers(),
        pausedUntilMs: now === 'paused' ? untilMs : undefined,
        restriction: restriction(),
      }
    },
    isPaced: (chat) =>
      settings.pacing === 'Human' || (settings.pacing === 'HumanExceptReplies' && !people.isOpen(chat)),
    begins: (chat) => !people.knows(chat),
    spend: (now) => (limited ? [spent.spend(now)] : []),
    type: options.type,
    onPass: options.onPass,
    onWaiting: (waits) =>
      state.apply(
        [],
        waits.map(({ id, chat, waiting }) => ({
          type: 'message.waiting',
          at: clock.now(),
          data: { id, chat, ...waiting },
        })),
        'lazy',
      ),
  })

  /** At most one signal an hour: the same hill of messages is one spike. */
  function lookForSpike(): void {
    if (!limited || clock.monotonicMs() - lastSpikeMs < HOUR_MS || !isSpike(spent.times(), nowMs())) return
    lastSpikeMs = clock.monotonicMs()
    risk.signal('spike')
  }

  function heard(news: RestrictionNews): void {
    const before = risk.restriction()
    const { reason, until } = news
    const holds = reason === 'restricted' ? until !== undefined : news.level === 'capped'
    if (reason === 'capped' && news.level === 'warning') risk.signal('capWarning')
    if (!holds || !until) {
      if (before?.reason === reason) risk.restrict(undefined)
      return
    }
    // Of two restrictions the longer one counts.
    if (before && before.untilMs >= until.getTime()) return
    risk.restrict({ reason, until })
    if (before?.reason !== reason) risk.signal(reason)
  }

  function report(): ProtectionReport {
    const [minute, hour, day] = tiers()
    const times = spentNow()
    const used = ({ windowMs, limit }: { windowMs: number; limit: number }) => ({
      limit,
      used: usedIn(times, windowMs, nowMs()),
    })
    const since = linked()?.sinceMs
    const { state: now, sinceMs } = risk.current()
    const normal: SessionProtection = { state: now, score: 0, since: new Date(sinceMs) }
    return {
      protection: risk.status() ?? normal,
      score: Math.round(risk.score()),
      settings,
      ...(minute && hour && day
        ? { limits: { minute: used(minute), hour: used(hour), day: used(day) } }
        : {}),
      ...(limited && settings.warmUp === 'Gradual' && since !== undefined
        ? { warmUp: { since: new Date(since), factor: warmUpFactor(since, nowMs()) } }
        : {}),
      waiting: gate.count(),
    }
  }

  return {
    gate,
    report,
    status: risk.status,
    resume: risk.resume,
    signal: risk.signal,
    heard,
    restrictedUntil() {
      const until = risk.restriction()?.untilMs
      return until === undefined ? undefined : new Date(until)
    },
    linked(phone) {
      const before = linked()
      if (before?.phone === phone) return
      const fresh: Change = { ...ACCOUNT, value: { phone, sinceMs: nowMs() } }
      state.apply([...(before ? [...spent.clear(), ...risk.clear()] : []), fresh], [], 'lazy')
    },
    received: people.received,
    met: people.met,
    sent(chat) {
      state.apply(people.met(chat), [], 'lazy')
      lookForSpike()
    },
    isOptedOut: people.isOptedOut,
    mayHoldBack: limited || settings.pacing !== 'None' || settings.circuitBreaker !== 'None',
    isHeld: (chat) => restriction() !== undefined && !people.knows(chat),
    optIn(chat) {
      const { changes, drafts } = people.optIn(chat)
      state.apply(changes, drafts)
    },
    start: risk.start,
    stop() {
      gate.stop()
      risk.stop()
    },
  }
}
