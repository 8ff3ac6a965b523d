/** The few numbers of a session process, as Prometheus text: a metrics library would cost a process of 25 MB another 9. */
import { METRICS } from '@warren/contracts'
import type { MetricsSource } from '@warren/runtime/health'

export type PodMetrics = MetricsSource & {
  messageIn(): void
  messageOut(): void
  reconnect(): void
  proxyFailover(): void
  commit(seconds: number): void
}

/** Values that are looked up when somebody asks. */
export type Gauges = {
  connected(): boolean
  epoch(): number
  lastFrameSeconds(): number
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
  const counts = { in: 0, out: 0, reconnects: 0, failovers: 0 }
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
    commit(seconds) {
      commits += 1
      commitSeconds += seconds
      for (const [i, le] of COMMIT_BUCKETS.entries()) if (seconds <= le) buckets[i] = (buckets[i] ?? 0) + 1
    },
  }
}
