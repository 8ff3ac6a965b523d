/** Looks after the open connection: asks {@link look} every two seconds, and has done what it decides. */
import type { ConnectionTrouble, ConnectionTroubleKind } from '@warren/contracts'
import type { Clock, Timer } from '@warren/runtime/clock'
import type { Logger } from '@warren/runtime/logger'
import { type Happening, happened, look, type Observation, type RenewalCause, wellAtFirst } from './decide.ts'

export type Health = {
  /** What is wrong; the same object until that changes. */
  trouble(): ConnectionTrouble | undefined
  happened(what: Happening): void
  start(): void
  stop(): void
}

export type HealthOptions = {
  readonly observe: () => Observation
  /** Opens a new connection in the place of the present one; false when there is none. */
  readonly renew: (cause: RenewalCause) => boolean
  /** Only a new process can help. */
  readonly onHopeless: (error: Error) => void
  readonly onChange: () => void
  /** Silence after which it is looked whether WhatsApp kept something back, in milliseconds. */
  readonly quietMs: number
  readonly clock: Clock
  readonly logger: Logger
}

const LOOK_EVERY_MS = 2_000

const WORDS: Readonly<Record<ConnectionTroubleKind, string>> = {
  mute: 'WhatsApp does not acknowledge what is sent. The connection is renewed, and the messages go out again under their ids.',
  deaf: 'WhatsApp kept messages back although the connection was open. They arrived with a renewal; it is renewed more often now.',
  stalled: 'Messages do not get through this process. The connection is renewed.',
}

export function createHealth(options: HealthOptions): Health {
  const { observe, renew, onHopeless, onChange, quietMs, clock, logger } = options
  let memory = wellAtFirst(quietMs)
  let shown: ConnectionTrouble | undefined
  let timer: Timer | undefined

  function remember(next: typeof memory): void {
    const { trouble: before } = memory
    memory = next
    const { trouble: now } = memory
    if (now?.kind === before?.kind) return
    shown = now && { kind: now.kind, since: wallTime(now.sinceMs), message: WORDS[now.kind] }
    if (shown) logger.warn('the connection is not well', shown)
    else logger.info('the connection is well again', { kind: before?.kind })
    onChange()
  }

  const wallTime = (monotonicMs: number) =>
    new Date(clock.now().getTime() - (clock.monotonicMs() - monotonicMs))

  function lookAfterIt(): void {
    const decision = look(memory, observe(), quietMs, clock.monotonicMs())
    remember(decision.memory)
    if (decision.hopeless) {
      timer?.stop()
      onHopeless(new Error('messages do not get through this process, and renewals do not help'))
    } else if (decision.renew && renew(decision.renew))
      logger.info('the connection is renewed', { cause: decision.renew })
  }

  return {
    trouble: () => shown,
    happened: (what) => remember(happened(memory, what, quietMs, clock.monotonicMs())),
    start() {
      timer = clock.setInterval(LOOK_EVERY_MS, lookAfterIt)
    },
    stop: () => timer?.stop(),
  }
}
