/** The few numbers of a session process, as Prometheus text: a metrics library would cost a process of 25 MB another 9. */
import { METRICS } from '@warren/contracts'
import type { MetricsSource } from '@warren/runtime/health'

export type PodMetrics = MetricsSource & {
  messageIn(): void
  messageOut(): void
  reconnect(): void
  proxyFailover(): void
  commit(seconds: number): void
  /** The connection was renewed although it was open. */
  renewal(): void
  /** Something came in at login that WhatsApp should have delivered before. */
  keptBack(): void
  /** A message went out without a device that it could not be encrypted for. */
  skippedDevice(): void
  /** A message came in that held nothing to decrypt. */
  strangeStanza(): void
}

/** Values that are looked up when somebody asks. */
export type Gauges = {
  connected(): boolean
  epoch(): number
  lastFrameSeconds(): number
  lastInboundSeconds(): number
  /** 0 when WhatsApp has answered everything. */
  unansweredSeconds(): number
  /** 0 while nothing is worked on. */
  handlingSeconds(): number
  pingSeconds(): number | undefined
  phoneSeenSeconds(): number | undefined
  /** Undefined for a session that goes directly. */
  proxyUp(): boolean | undefined
  sendsWaiting(): number
  /** 0 to 100. */
  riskScore(): number
  sendingPaused(): boolean
  /** Records that are sealed with an earlier key. */
  oldSeals(): number
}

const COMMIT_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]

export function createPodMetrics(gauges: Gauges): PodMetrics {
  const counts = {
    in: 0,
    out: 0,
    reconnects: 0,
    failovers: 0,
    renewals: 0,
    keptBack: 0,
    skipped: 0,
    strange: 0,
  }
  const buckets = COMMIT_BUCKETS.map(() => 0)
  let commits = 0
  let commitSeconds = 0

  function text(): string {
    const lines: string[] = []
    const one = (name: string, type: string, help: string, value: number) =>
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name} ${value}`)
    one(METRICS.sessionConnected, 'gauge', 'Whether WhatsApp delivers.', gauges.connected() ? 1 : 0)
    one(METRICS.sessionEpoch, 'gauge', 'Epoch of the lease.', gauges.epoch())
    one(METRICS.sessionReconnects, 'counter', 'Connections that were lost.', counts.reconnects)
    const proxyUp = gauges.proxyUp()
    if (proxyUp !== undefined) {
      one(METRICS.sessionProxyUp, 'gauge', 'Whether the proxy worked when last used.', proxyUp ? 1 : 0)
      one(METRICS.sessionProxyFailovers, 'counter', 'Changes to another proxy.', counts.failovers)
    }
    one(METRICS.sessionMessagesIn, 'counter', 'Messages journaled as received.', counts.in)
    one(METRICS.sessionMessagesOut, 'counter', 'Messages handed to the socket.', counts.out)
    one(
      METRICS.sessionLastFrameSeconds,
      'gauge',
      'Age of the last frame from WhatsApp.',
      gauges.lastFrameSeconds(),
    )
    one(
      METRICS.sessionLastInboundSeconds,
      'gauge',
      'Age of the last message, receipt or notification.',
      gauges.lastInboundSeconds(),
    )
    one(
      METRICS.sessionUnansweredSeconds,
      'gauge',
      'Age of the oldest send that WhatsApp has not acknowledged.',
      gauges.unansweredSeconds(),
    )
    one(
      METRICS.sessionHandlingSeconds,
      'gauge',
      'How long the present received message has been worked on.',
      gauges.handlingSeconds(),
    )
    const ping = gauges.pingSeconds()
    if (ping !== undefined) one(METRICS.sessionPingSeconds, 'gauge', 'Round trip of the last ping.', ping)
    const phone = gauges.phoneSeenSeconds()
    if (phone !== undefined)
      one(METRICS.sessionPhoneSeenSeconds, 'gauge', 'Age of the last sign of life of the phone.', phone)
    one(METRICS.sessionRenewals, 'counter', 'Renewals of an open connection.', counts.renewals)
    one(METRICS.sessionKeptBack, 'counter', 'Stanzas that WhatsApp kept back.', counts.keptBack)
    one(METRICS.sessionSkippedDevices, 'counter', 'Devices that a message left out.', counts.skipped)
    one(METRICS.sessionStrangeStanzas, 'counter', 'Messages that held nothing to decrypt.', counts.strange)
    one(METRICS.sessionSendsWaiting, 'gauge', 'Messages that wait to be let out.', gauges.sendsWaiting())
    one(METRICS.sessionRiskScore, 'gauge', 'Risk of the account, 0 to 100.', gauges.riskScore())
    one(
      METRICS.sessionSendingPaused,
      'gauge',
      'Whether sending is paused because of risk.',
      gauges.sendingPaused() ? 1 : 0,
    )
    one(METRICS.sessionOldSeals, 'gauge', 'Records sealed with an earlier key.', gauges.oldSeals())
    const name = METRICS.sessionCommitSeconds
    lines.push(`# HELP ${name} Duration of commits to the log.`, `# TYPE ${name} histogram`)
    for (const [i, le] of COMMIT_BUCKETS.entries()) lines.push(`${name}_bucket{le="${le}"} ${buckets[i]}`)
    lines.push(
      `${name}_bucket{le="+Inf"} ${commits}`,
      `${name}_sum ${commitSeconds}`,
      `${name}_count ${commits}`,
    )
    return `${lines.join('\n')}\n`
  }

  return {
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    metrics: async () => text(),
    messageIn: () => void counts.in++,
    messageOut: () => void counts.out++,
    reconnect: () => void counts.reconnects++,
    proxyFailover: () => void counts.failovers++,
    renewal: () => void counts.renewals++,
    keptBack: () => void counts.keptBack++,
    skippedDevice: () => void counts.skipped++,
    strangeStanza: () => void counts.strange++,
    commit(seconds) {
      commits += 1
      commitSeconds += seconds
      for (const [i, le] of COMMIT_BUCKETS.entries()) if (seconds <= le) buckets[i] = (buckets[i] ?? 0) + 1
    },
  }
}
