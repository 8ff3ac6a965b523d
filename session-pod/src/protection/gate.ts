/** Who goes next and when: a decision over what waits. Pure; times are milliseconds since 1970. */
import type { WaitingReason } from '@warren/contracts'
import { TYPICAL_MS } from './pacing.ts'
import { earliest, plan, type Tier } from './windows.ts'

/** A message that waits to be sent. */
export type Ticket = {
  readonly id: string
  /** Its chat: of one chat only the first may go. */
  readonly lane: string
  /** Whether a person's pace is kept for it. */
  readonly paced: boolean
  /** Whether it begins a conversation with somebody new. */
  readonly begins: boolean
}

export type GateView = {
  /** The first of each chat, in the order in which they came to the gate. */
  readonly heads: readonly Ticket[]
  /** When earlier messages went, ascending. */
  readonly spent: readonly number[]
  /** Let through and not gone yet: each counts as if it went now. */
  readonly passing: number
  readonly tiers: readonly Tier[]
  /** Nothing goes before; infinite while a person has to resume. */
  readonly pausedUntilMs: number | undefined
  /** No conversation begins before. */
  readonly restriction: { readonly reason: 'restricted' | 'capped'; readonly untilMs: number } | undefined
  /** The one who types: busy with a message, or free again at a time. `lane` is the chat of the last message. */
  readonly hand: { readonly busy: boolean; readonly freeAtMs: number; readonly lane?: string | undefined }
}

/** Lets one through, or tells when to look again; without either only news can change anything. */
export type GateDecision = { readonly pass: string } | { readonly lookAtMs: number } | Record<never, never>

const NEVER = Number.POSITIVE_INFINITY

/** Spent times with those that are passing. */
function counted({ spent, passing }: GateView, nowMs: number): number[] {
  return [...spent, ...Array.from({ length: passing }, () => nowMs)]
}

const held = ({ restriction }: GateView, ticket: Ticket, nowMs: number) =>
  restriction !== undefined && restriction.untilMs > nowMs && ticket.begins

/** When the hand is free for a ticket. To go on in the same chat needs no pause. */
function handAt({ hand }: GateView, ticket: Ticket, nowMs: number): number {
  if (!ticket.paced) return nowMs
  if (hand.busy) return NEVER
  return hand.lane === ticket.lane ? nowMs : Math.max(nowMs, hand.freeAtMs)
}

export function decide(view: GateView, nowMs: number): GateDecision {
  const { heads, pausedUntilMs = 0, restriction } = view
  if (heads.length === 0) return {}
  const openAt = Math.max(earliest(counted(view, nowMs), view.tiers, nowMs), pausedUntilMs)
  let lookAtMs = NEVER
  for (const ticket of heads) {
    const at = Math.max(
      openAt,
      handAt(view, ticket, nowMs),
      held(view, ticket, nowMs) ? (restriction?.untilMs ?? nowMs) : nowMs,
    )
    if (at <= nowMs) return { pass: ticket.id }
    lookAtMs = Math.min(lookAtMs, at)
  }
  return lookAtMs === NEVER ? {} : { lookAtMs }
}

/** Why a ticket that did not pass waits. */
export function reasonOf(view: GateView, ticket: Ticket, nowMs: number): WaitingReason {
  if ((view.pausedUntilMs ?? 0) > nowMs) return 'paused'
  if (view.restriction && held(view, ticket, nowMs)) return view.restriction.reason
  return earliest(counted(view, nowMs), view.tiers, nowMs) > nowMs ? 'limit' : 'pacing'
}

export type Forecast = {
  readonly ticket: Ticket
  readonly reason: WaitingReason
  readonly position: number
  /** Absent where only a person can end the wait. */
  readonly expectedMs?: number
}

/**
 * What everyone who waits may expect, in the order in which they will go: chats take turns, those who are held by WhatsApp come last.
 * @param lanes the waiting messages of each chat in their order, chats in the order of their turns
 */
export function forecast(view: GateView, lanes: readonly (readonly Ticket[])[], nowMs: number): Forecast[] {
  const rounds = Math.max(0, ...lanes.map((lane) => lane.length))
  const order = Array.from({ length: rounds }, (_, i) => lanes.flatMap((lane) => lane[i] ?? [])).flat()
  const turns = [
    ...order.filter((ticket) => !held(view, ticket, nowMs)),
    ...order.filter((ticket) => held(view, ticket, nowMs)),
  ]
  const from = Math.max(nowMs, view.pausedUntilMs ?? 0)
  const times = from === NEVER ? [] : plan(counted(view, nowMs), view.tiers, from, turns.length)
  let paced = from + (view.hand.busy ? TYPICAL_MS : Math.max(0, view.hand.freeAtMs - from))
  return turns.map((ticket, i) => {
    const at = times[i]
    const reason = reasonOf(view, ticket, nowMs)
    const place = { ticket, reason, position: i + 1 }
    if (at === undefined) return place
    let expectedMs = held(view, ticket, nowMs) ? Math.max(at, view.restriction?.untilMs ?? at) : at
    if (ticket.paced) {
      expectedMs = Math.max(expectedMs, paced)
      paced = expectedMs + TYPICAL_MS
    }
    return { ...place, expectedMs: Math.round(expectedMs) }
  })
}
