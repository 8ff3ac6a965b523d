/**
 * The gate that every message passes once, before it is accepted for sending: it asks {@link decide}, waits as long as that says, types
 * like a person, and tells what waits. It holds no message back for good and keeps no state that a restart would miss: the rows stay in
 * the queue, and what went is in {@link Spent}.
 */
import type { Address, Waiting, WaitingSend } from '@warren/contracts'
import type { Clock, Timer } from '@warren/runtime/clock'
import type { Change } from '../store/state.ts'
import { decide, type Forecast, forecast, type GateView, type Ticket } from './gate.ts'
import { gapMs, typingMs } from './pacing.ts'

export type Candidate = {
  readonly id: string
  /** Messages of one lane go one after the other. */
  readonly lane: string
  readonly position: number
  readonly chat: Address
  /** How much there is to type. */
  readonly characters: number
}

export type SendGate = {
  /** It is in its lane; from here on it is told among those that wait. */
  enlist(candidate: Candidate): void
  /** For the first of a lane: whether it may go now. If not, `onPass` names its lane once it may. */
  ask(id: string): boolean
  /** It goes: the changes belong into the step that accepts it. */
  spend(id: string): Change[]
  /** It did not get through; others may go before it asks again, at that time. */
  giveBack(id: string, againInMs: number): void
  delist(id: string): void
  /** Something that the decision depends on has changed. */
  look(): void
  waiting(): WaitingSend[]
  count(): number
  stop(): void
}

type Entry = Candidate & {
  state: 'listed' | 'asking' | 'typing' | 'passed' | 'spent'
  paced: boolean
  told?: string
  /** Not before this time, on the monotonic clock: it failed. */
  againAtMs?: number
}

/** Shorter waits are not told as events. */
const MOMENT_MS = 5_000
const TELL_AFTER_MS = 500
/** The wall clock may jump: no wait is trusted for longer. */
const MAX_LOOK_MS = 30_000

export function createSendGate(options: {
  clock: Clock
  random: () => number
  /** What the decision looks at besides the candidates. */
  facts: () => Pick<GateView, 'spent' | 'tiers' | 'pausedUntilMs' | 'restriction'>
  isPaced: (chat: Address) => boolean
  begins: (chat: Address) => boolean
  spend: (nowMs: number) => Change[]
  /** Shows the recipient that somebody types. */
  type: (chat: Address) => void
  onPass: (lane: string) => void
  /** Waits that take longer than a moment: each once, and again when its reason changes. */
  onWaiting: (waits: readonly { id: string; chat: Address; waiting: Waiting }[]) => void
}): SendGate {
  const { clock, random } = options
  const entries = new Map<string, Entry>()
  const lanes = new Map<string, Entry[]>()
  /** Lanes whose first one asks, in the order of asking. */
  const turns: string[] = []
  let hand: { id?: string; lane?: string; freeAtMs: number } = { freeAtMs: 0 }
  let look: Timer | undefined
  let telling: Timer | undefined
  const typing = new Map<string, Timer>()
  /** Let through and not gone yet. */
  let passing = 0
  let stopped = false

  const nowMs = () => clock.now().getTime()
  const ticketOf = ({ id, lane, chat }: Entry): Ticket => ({
    id,
    lane,
    paced: options.isPaced(chat),
    begins: options.begins(chat),
  })

  function view(): GateView {
    const heads = turns.flatMap((lane) => lanes.get(lane)?.find(({ state }) => state === 'asking') ?? [])
    return {
      ...options.facts(),
      heads: heads.map(ticketOf),
      passing,
      hand: { busy: hand.id !== undefined, freeAtMs: hand.freeAtMs, lane: hand.lane },
    }
  }

  function pump(asking?: string): void {
    if (stopped) return
    look?.stop()
    for (;;) {
      if (turns.length === 0) return
      const now = nowMs()
      const decision = decide(view(), now)
      if ('pass' in decision) {
        letThrough(decision.pass, asking)
        continue
      }
      const inMs = 'lookAtMs' in decision ? decision.lookAtMs - now : MAX_LOOK_MS
      look = clock.setTimer(Math.max(1, Math.min(MAX_LOOK_MS, inMs)), () => pump())
      tellSoon()
      return
    }
  }

  function letThrough(id: string, asking: string | undefined): void {
    const entry = entries.get(id)
    if (!entry) return
    turns.splice(turns.indexOf(entry.lane), 1)
    passing += 1
    entry.paced = options.isPaced(entry.chat)
    if (entry.paced) hand = { ...hand, id }
    const ms = entry.paced ? typingMs(entry.characters, random) : 0
    if (ms > 0) {
      entry.state = 'typing'
      options.type(entry.chat)
      typing.set(
        id,
        clock.setTimer(ms, () => passed(entry, undefined)),
      )
    } else passed(entry, asking)
  }

  function passed(entry: Entry, asking: string | undefined): void {
    typing.delete(entry.id)
    entry.state = 'passed'
    // Whoever asks at this moment gets it as the answer.
    if (entry.id !== asking) options.onPass(entry.lane)
  }

  function freeHand(entry: Entry, gap: number): void {
    if (hand.id === entry.id) hand = { lane: entry.lane, freeAtMs: nowMs() + gap }
  }

  /** Its turn, or its place among those that pass, is free again. */
  function leave({ id, lane, state }: Entry): void {
    typing.get(id)?.stop()
    typing.delete(id)
    if (state === 'asking') turns.splice(turns.indexOf(lane), 1)
    if (state === 'typing' || state === 'passed') passing -= 1
  }

  function forecasts(): Forecast[] {
    const order = [...new Set([...turns, ...lanes.keys()])]
    const waiting = order.map((lane) =>
      (lanes.get(lane) ?? []).filter(({ state }) => state === 'listed' || state === 'asking').map(ticketOf),
    )
    return forecast(view(), waiting, nowMs())
  }

  function waitingOf({ ticket, reason, position, expectedMs }: Forecast): Waiting {
    const againAtMs = entries.get(ticket.id)?.againAtMs
    const leftMs = againAtMs === undefined ? 0 : againAtMs - clock.monotonicMs()
    if (leftMs > 0) return { reason: 'retrying', position, expectedAt: new Date(nowMs() + leftMs) }
    return { reason, position, ...(expectedMs === undefined ? {} : { expectedAt: new Date(expectedMs) }) }
  }

  function tellSoon(): void {
    if (stopped || entries.size === 0) return
    telling ??= clock.setTimer(TELL_AFTER_MS, () => {
      telling = undefined
      tell()
    })
  }

  function tell(): void {
    const from = nowMs() + MOMENT_MS
    const news = forecasts().flatMap((one) => {
      const entry = entries.get(one.ticket.id)
      const waiting = waitingOf(one)
      // A pause between two messages may turn into a full limit and back: to those who wait that is one and the same.
      const kind = waiting.reason === 'pacing' ? 'limit' : waiting.reason
      if (!entry || entry.told === kind || (waiting.expectedAt && waiting.expectedAt.getTime() < from))
        return []
      entry.told = kind
      return [{ id: entry.id, chat: entry.chat, waiting }]
    })
    if (news.length > 0) options.onWaiting(news)
  }

  return {
    enlist(candidate) {
      const entry: Entry = { ...candidate, state: 'listed', paced: false }
      entries.set(candidate.id, entry)
      const lane = lanes.get(candidate.lane) ?? []
      lanes.set(candidate.lane, lane)
      const behind = lane.findIndex(({ position }) => position > candidate.position)
      lane.splice(behind < 0 ? lane.length : behind, 0, entry)
      if (turns.length > 0) tellSoon()
    },
    ask(id) {
      const entry = entries.get(id)
      if (!entry || entry.state === 'passed') return true
      if (entry.state === 'listed') {
        entry.state = 'asking'
        delete entry.againAtMs
        turns.push(entry.lane)
        pump(id)
      }
      // The pump may have let it through.
      return (entry as Entry).state === 'passed'
    },
    spend(id) {
      const entry = entries.get(id)
      if (!entry || entry.state === 'spent') return []
      leave(entry)
      entry.state = 'spent'
      freeHand(entry, gapMs(random))
      const changes = options.spend(nowMs())
      pump()
      return changes
    },
    giveBack(id, againInMs) {
      const entry = entries.get(id)
      if (!entry || entry.state === 'spent') return
      leave(entry)
      entry.state = 'listed'
      entry.againAtMs = clock.monotonicMs() + againInMs
      freeHand(entry, 0)
      pump()
      tellSoon()
    },
    delist(id) {
      const entry = entries.get(id)
      if (!entry) return
      leave(entry)
      freeHand(entry, 0)
      entries.delete(id)
      const left = lanes.get(entry.lane)?.filter((other) => other !== entry) ?? []
      if (left.length > 0) lanes.set(entry.lane, left)
      else lanes.delete(entry.lane)
      if (entry.state !== 'spent') pump()
    },
    look: () => pump(),
    waiting: () =>
      forecasts().map((one) => ({
        id: one.ticket.id,
        to: entries.get(one.ticket.id)?.chat.jid ?? '',
        ...waitingOf(one),
      })),
    count: () => [...entries.values()].filter(({ state }) => state === 'listed' || state === 'asking').length,
    stop() {
      stopped = true
      look?.stop()
      telling?.stop()
      for (const timer of typing.values()) timer.stop()
    },
  }
}
