/**
 * When an open connection is not well, and what to do about it: a pure function from what is seen and remembered. The only remedy is a
 * renewal: a new connection with the same credentials, which costs a second. It has a budget, since a fault of WhatsApp's must not make
 * a session knock at its door all day.
 */
import type { ConnectionTroubleKind } from '@warren/contracts'

/** What is seen of the connection. Ages are in milliseconds. */
export type Observation = {
  /** How long it has been open; undefined while it is not. */
  readonly openMs?: number
  /** Since something came in that nobody had asked for, or since it opened. */
  readonly quietMs: number
  /** Whether any send waits for WhatsApp's answer, on this connection or before it is handed to it. */
  readonly awaitsAnswer: boolean
  /** Age of the oldest send that was handed to this connection and not answered. */
  readonly unansweredMs?: number
  /** How long one received message has been worked on. */
  readonly handlingMs?: number
  /** How long one send has been on its way to the socket. */
  readonly relayingMs?: number
}

/** What happened since the last look. */
export type Happening =
  /** WhatsApp acknowledged a send. */
  | 'answered'
  /** Something came in when it happened, unasked. */
  | 'heard'
  /** Something came in at login that should have come on the connection before. */
  | 'keptBack'

export type Trouble = { readonly kind: ConnectionTroubleKind; readonly sinceMs: number }

export type HealthMemory = {
  readonly trouble?: Trouble
  /** Renewals in a row for what is wrong now. */
  readonly renewals: number
  readonly renewedAtMs?: number
  /** When something that was kept back came in. */
  readonly foundAtMs?: number
  /** After how long a silence a renewal shows whether something was kept back. */
  readonly quietForMs: number
}

export type RenewalCause = 'mute' | 'stalled' | 'quiet'
export type Decision = {
  readonly memory: HealthMemory
  readonly renew?: RenewalCause
  /** Renewals do not help: only a new process can. */
  readonly hopeless?: true
}

/** WhatsApp acknowledges within a second or two. */
export const MUTE_MS = 30_000
/** Work on one message is computation; only a large history takes tens of seconds. A send may ask WhatsApp twice for 30 s. */
export const STALLED_MS = 90_000
/** The longest pause between two renewals for the same fault. */
const MAX_PAUSE_MS = 15 * 60_000
/** Renewals that did not end a stall, after which the process ends. */
const STALLED_RENEWALS = 3
/** Silence is normal at night: the pauses between the renewals that look behind it grow up to this many times the first. */
const QUIETEST = 16
/** After something was found, the next look comes this many times sooner. */
const SOONER = 8
/** What was kept back comes right after the login. */
const FOUND_WITHIN_MS = 15_000

export const wellAtFirst = (quietMs: number): HealthMemory => ({ renewals: 0, quietForMs: quietMs })

/** @param quietMs silence after which the first renewal looks whether something was kept back */
export function happened(
  memory: HealthMemory,
  what: Happening,
  quietMs: number,
  nowMs: number,
): HealthMemory {
  const { kind, sinceMs } = memory.trouble ?? {}
  if (what === 'answered') return kind === 'mute' ? cured(memory) : memory
  if (what === 'heard') {
    if (kind !== 'deaf' && memory.quietForMs === quietMs) return memory
    return { ...(kind === 'deaf' ? cured(memory) : memory), quietForMs: quietMs }
  }
  return {
    ...memory,
    // What is known to be worse stays.
    trouble:
      kind === undefined || kind === 'deaf'
        ? { kind: 'deaf', sinceMs: sinceMs ?? nowMs }
        : (memory.trouble as Trouble),
    foundAtMs: nowMs,
    quietForMs: quietMs / SOONER,
  }
}

export function look(memory: HealthMemory, seen: Observation, quietMs: number, nowMs: number): Decision {
  if (seen.openMs === undefined) return { memory }
  const ailing = ailmentOf(seen, nowMs)
  if (ailing) return treat(memory, ailing, nowMs)
  const well = isOver(memory, seen) ? cured(memory) : memory
  if (seen.quietMs < well.quietForMs || seen.awaitsAnswer) return { memory: well }
  // As long as nothing is found, it is looked less and less often.
  const found = well.trouble?.kind === 'deaf'
  const quietForMs = found ? well.quietForMs : Math.min(well.quietForMs * 2, quietMs * QUIETEST)
  return { memory: { ...well, quietForMs, renewedAtMs: nowMs }, renew: 'quiet' }
}

function ailmentOf({ unansweredMs = 0, handlingMs = 0, relayingMs = 0 }: Observation, nowMs: number) {
  const stalledMs = Math.max(handlingMs, relayingMs)
  // What does not get through the session cannot be answered either.
  if (stalledMs >= STALLED_MS) return { kind: 'stalled', sinceMs: nowMs - stalledMs } as const
  if (unansweredMs >= MUTE_MS) return { kind: 'mute', sinceMs: nowMs - unansweredMs } as const
  return undefined
}

function treat(
  memory: HealthMemory,
  ailing: Trouble & { kind: 'mute' | 'stalled' },
  nowMs: number,
): Decision {
  const same = memory.trouble?.kind === ailing.kind
  const trouble = same && memory.trouble ? memory.trouble : ailing
  const renewals = same ? memory.renewals : 0
  const pauseMs = Math.min(MUTE_MS * 2 ** renewals, MAX_PAUSE_MS)
  if (same && nowMs - (memory.renewedAtMs ?? Number.NEGATIVE_INFINITY) < pauseMs)
    return { memory: { ...memory, trouble } }
  if (ailing.kind === 'stalled' && renewals >= STALLED_RENEWALS) return { memory, hopeless: true }
  return {
    memory: { ...memory, trouble, renewals: renewals + 1, renewedAtMs: nowMs },
    renew: ailing.kind,
  }
}

function isOver(memory: HealthMemory, { openMs = 0, awaitsAnswer }: Observation): boolean {
  const { trouble, renewedAtMs = 0, foundAtMs = 0 } = memory
  switch (trouble?.kind) {
    case 'mute':
      return !awaitsAnswer
    case 'stalled':
      return openMs >= STALLED_MS
    case 'deaf':
      // There was a renewal after the last find, and it found nothing.
      return renewedAtMs > foundAtMs && openMs >= FOUND_WITHIN_MS
    default:
      return false
  }
}

function cured({ trouble: _over, ...memory }: HealthMemory): HealthMemory {
  return { ...memory, renewals: 0 }
}
