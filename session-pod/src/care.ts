/** All of looking after an open connection: what is seen of it, what is made of that, and what others are told. */
import type { ConnectionVitals } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { Logger } from '@warren/runtime/logger'
import {
  createHealth,
  createHearing,
  createPhoneWatch,
  type Health,
  type HeardStanza,
  type Observation,
  type PhoneWatch,
} from './health/index.ts'
import type { Gauges, PodMetrics } from './metrics.ts'
import type { Sender } from './queue/sender.ts'
import type { SessionState } from './store/state.ts'
import type { WhatsAppLink } from './whatsapp/index.ts'

export type Care = {
  /** For the link. */
  readonly ears: {
    onFrame(): void
    onLoggedIn(serverSeconds: number): void
    onStanza(stanza: HeardStanza): void
  }
  /** The pulse of the open connection; undefined while there is none. */
  vitals(): ConnectionVitals | undefined
  readonly gauges: Pick<
    Gauges,
    | 'lastFrameSeconds'
    | 'lastInboundSeconds'
    | 'unansweredSeconds'
    | 'handlingSeconds'
    | 'pingSeconds'
    | 'phoneSeenSeconds'
  >
  readonly trouble: Health['trouble']
  readonly phoneAway: PhoneWatch['away']
  /** A phone linked this session just now. */
  linked(): void
  /** WhatsApp acknowledged a send. */
  answered(): void
  start(): void
  stop(): void
}

export function createCare(options: {
  state: SessionState
  isLinked: () => boolean
  own: () => { pn?: string; lid?: string }
  link: () => Pick<WhatsAppLink, 'connection' | 'messenger' | 'renew'>
  sender: () => Pick<Sender, 'unanswered' | 'blame'>
  metrics: () => Pick<PodMetrics, 'renewal' | 'keptBack'>
  /** Silence after which the connection is renewed to see whether WhatsApp kept something back, in milliseconds. */
  quietMs: number
  clock: Clock
  logger: Logger
  onChange: () => void
  /** Only a new process can help. */
  onHopeless: (error: Error) => void
}): Care {
  const { state, own, link, sender, metrics, quietMs, clock, logger, onChange } = options
  const hearing = createHearing(clock)
  const phone = createPhoneWatch({ state, isLinked: options.isLinked, clock, onChange })
  const health = createHealth({
    ...{ observe, quietMs, clock, logger, onChange, onHopeless: options.onHopeless },
    renew(cause) {
      if (cause === 'mute') sender().blame()
      const renewed = link().renew()
      if (renewed) metrics().renewal()
      return renewed
    },
  })
  let lastFrameMs = clock.monotonicMs()
  let lastInboundMs = lastFrameMs

  const age = (sinceMs: number | undefined) =>
    sinceMs === undefined ? undefined : clock.monotonicMs() - sinceMs
  /** A moment of the monotonic clock as a time. */
  const at = (monotonicMs: number | undefined) => {
    const ago = age(monotonicMs)
    return ago === undefined ? undefined : new Date(clock.now().getTime() - ago)
  }
  const open = () => (link().messenger() ? link().connection() : undefined)

  function observe(): Observation {
    const connection = open()
    const openedMs = connection?.openedMs()
    const { any, sinceMs } = sender().unanswered()
    return {
      ...given('openMs', age(openedMs)),
      quietMs: clock.monotonicMs() - Math.max(lastInboundMs, openedMs ?? 0),
      awaitsAnswer: any,
      ...given('unansweredMs', age(sinceMs)),
      ...given('handlingMs', age(connection?.handlingSinceMs())),
      ...given('relayingMs', age(link().messenger()?.relayingSinceMs())),
    }
  }

  /** Messages and receipts wait for a device that is away; of the rest only what comes now says anything. */
  function heardAs(stanza: HeardStanza): ReturnType<typeof hearing.stanza> {
    if (stanza.tag === 'message' || stanza.tag === 'receipt') return hearing.stanza(stanza)
    return stanza.attrs.offline === undefined ? 'now' : 'waited'
  }

  return {
    ears: {
      onFrame() {
        lastFrameMs = clock.monotonicMs()
        hearing.frame(open() !== undefined)
      },
      onLoggedIn: hearing.opened,
      onStanza(stanza) {
        phone.stanza(stanza, own())
        lastInboundMs = clock.monotonicMs()
        const how = heardAs(stanza)
        if (how === 'waited') return
        if (how === 'keptBack') metrics().keptBack()
        health.happened(how === 'now' ? 'heard' : 'keptBack')
      },
    },
    vitals() {
      const connection = open()
      if (!connection) return undefined
      return {
        lastFrameAt: at(lastFrameMs) ?? clock.now(),
        ...given('lastInboundAt', at(lastInboundMs)),
        ...given('unansweredSince', at(sender().unanswered().sinceMs)),
        ...given('handlingSince', at(connection.handlingSinceMs())),
        ...given('pingMs', connection.pingMs()),
        ...given('phoneSeenAt', phone.lastSeen()),
      }
    },
    gauges: {
      lastFrameSeconds: () => (age(lastFrameMs) ?? 0) / 1000,
      lastInboundSeconds: () => (age(lastInboundMs) ?? 0) / 1000,
      unansweredSeconds: () => (age(sender().unanswered().sinceMs) ?? 0) / 1000,
      handlingSeconds: () => (age(link().connection()?.handlingSinceMs()) ?? 0) / 1000,
      pingSeconds: () => inSeconds(link().connection()?.pingMs()),
      phoneSeenSeconds() {
        const seen = phone.lastSeen()
        return seen && (clock.now().getTime() - seen.getTime()) / 1000
      },
    },
    trouble: health.trouble,
    phoneAway: phone.away,
    linked: phone.linked,
    answered: () => health.happened('answered'),
    start() {
      health.start()
      phone.start()
    },
    stop() {
      health.stop()
      phone.stop()
    },
  }
}

const inSeconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000)

/** A property that is absent where it has no value. */
const given = <K extends string, V>(name: K, value: V | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { [P in K]?: V }
