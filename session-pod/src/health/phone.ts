/** How long the account's phone has been away: WhatsApp unlinks devices whose phone was not online for fourteen days. */
import { type PhoneAway, parseJid } from '@warren/contracts'
import type { Clock, Timer } from '@warren/runtime/clock'
import type { JournalDraft } from '../session/journal.ts'
import type { SessionState } from '../store/state.ts'
import type { HeardStanza } from './hearing.ts'

const DAY_MS = 24 * 3600_000
/** WhatsApp's own help: linked devices log out when the phone was not used for over 14 days. */
const UNLINKED_AFTER_MS = 14 * DAY_MS
const WARN_AFTER_MS = 12 * DAY_MS
/** Signs of life come with every message: they are stored so often at most. */
const STORE_EVERY_MS = 3600_000
const LOOK_EVERY_MS = 10 * 60_000

const PLACE = { type: 'phone', id: 'seen' } as const
/** `told`: that it is away was journaled. */
type PhoneRecord = { readonly atMs: number; readonly told?: true }

export type PhoneWatch = {
  /** A message or receipt came in: those of device 0 of the account are the phone's. */
  stanza(stanza: HeardStanza, own: { pn?: string; lid?: string }): void
  /** A phone linked this session just now. */
  linked(): void
  lastSeen(): Date | undefined
  /** The same object until it changes. */
  away(): PhoneAway | undefined
  start(): void
  stop(): void
}

/** Whether a phone that was last seen then is about to lose its linked devices. */
export function phoneAwayAt(lastSeenMs: number, nowMs: number): PhoneAway | undefined {
  if (nowMs - lastSeenMs < WARN_AFTER_MS) return undefined
  return { lastSeenAt: new Date(lastSeenMs), unlinksAt: new Date(lastSeenMs + UNLINKED_AFTER_MS) }
}

/** Whether a stanza was sent by the phone itself and not by another companion, or for somebody. */
export function isFromPhone({ attrs }: HeardStanza, own: { pn?: string; lid?: string }): boolean {
  const author = parseJid(attrs.participant ?? attrs.from ?? '')
  if (author?.device !== 0) return false
  return [own.pn, own.lid].some((mine) => mine && parseJid(mine)?.user === author.user)
}

export function createPhoneWatch(options: {
  state: SessionState
  /** Whether an account is linked. */
  isLinked: () => boolean
  clock: Clock
  onChange: () => void
}): PhoneWatch {
  const { state, isLinked, clock, onChange } = options
  let latestMs = 0
  let shown: PhoneAway | undefined
  let timer: Timer | undefined

  const stored = () => state.get(PLACE.type, PLACE.id) as PhoneRecord | undefined
  const nowMs = () => clock.now().getTime()

  function seen(atMs: number): void {
    const before = stored()
    if (before && atMs <= before.atMs) return
    latestMs = Math.max(latestMs, atMs)
    if (before && !before.told && latestMs - before.atMs < STORE_EVERY_MS) return
    state.apply(
      [{ ...PLACE, value: { atMs: latestMs } }],
      before?.told ? [draft('back', latestMs)] : [],
      'lazy',
    )
    show(undefined)
  }

  function lookForIt(): void {
    const before = stored()
    // Of a session from before this was kept nothing is known: it counts from now on.
    if (isLinked() && !before) seen(nowMs())
    if (!isLinked() || !before) {
      show(undefined)
      return
    }
    const away = phoneAwayAt(Math.max(before.atMs, latestMs), nowMs())
    if (away && !before.told)
      state.apply([{ ...PLACE, value: { ...before, told: true } }], [draft('away', before.atMs)], 'lazy')
    if (away?.lastSeenAt.getTime() !== shown?.lastSeenAt.getTime()) show(away)
  }

  function show(next: PhoneAway | undefined): void {
    if (next === shown) return
    shown = next
    onChange()
  }

  function draft(to: 'away' | 'back', lastSeenMs: number): JournalDraft {
    const data = {
      state: to,
      lastSeenAt: new Date(lastSeenMs),
      unlinksAt: new Date(lastSeenMs + UNLINKED_AFTER_MS),
    }
    return { type: 'account.phone', at: clock.now(), data }
  }

  return {
    stanza(stanza, own) {
      if (!isFromPhone(stanza, own)) return
      // What waited tells of when it was sent.
      const sentMs = Number(stanza.attrs.t) * 1000
      seen(sentMs > 0 ? Math.min(sentMs, nowMs()) : nowMs())
    },
    linked: () => seen(nowMs()),
    lastSeen() {
      const ms = Math.max(latestMs, stored()?.atMs ?? 0)
      return ms > 0 ? new Date(ms) : undefined
    },
    away: () => shown,
    start() {
      lookForIt()
      timer = clock.setInterval(LOOK_EVERY_MS, lookForIt)
    },
    stop: () => timer?.stop(),
  }
}
