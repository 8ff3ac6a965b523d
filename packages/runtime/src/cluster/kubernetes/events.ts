/** What `kubectl describe` shows of an instance: events.k8s.io/v1. */
import { randomBytes } from 'node:crypto'
import type { WhatsAppInstance } from '@warren/contracts'
import type { Clock } from '../../clock/index.ts'
import type { Logger } from '../../logger/index.ts'
import type { ClusterEvent, EventRecorder } from '../port.ts'
import type { KubernetesApi } from './api.ts'
import { EVENTS } from './resources.ts'

export type EventsDeps = {
  readonly api: Pick<KubernetesApi, 'create' | 'mergePatch'>
  /** Who reports, e.g. `warren.dev/operator`, and which replica. */
  readonly reporter: { readonly controller: string; readonly instance: string }
  readonly clock: Clock
  readonly logger: Logger
}

/** A repeat within this time is counted on the event that is there, as client-go does. */
const SERIES_MS = 360_000
/** Requests a second in the long run, and at once. Events are news and not state: what is more is dropped. */
const RATE = { perSecond: 50, burst: 200 }
const NOTE_LIMIT = 1_024
/** Of waiting events, and of remembered ones. */
const LIMIT = 2_000

const STOP_MS = 3_000

type Known = { readonly namespace: string; readonly name: string; count: number; seenMs: number }

/** Never throws and never waits; sends one request at a time. */
export function createEvents(deps: EventsDeps): EventRecorder & { stop(): Promise<void> } {
  const { api, reporter, clock, logger } = deps
  const waiting: (() => Promise<unknown>)[] = []
  /** By what makes two events the same; oldest first. */
  const known = new Map<string, Known>()
  const bucket = { tokens: RATE.burst, atMs: clock.monotonicMs() }
  let sending: Promise<void> | undefined
  let dropped = 0

  function allowed(): boolean {
    const nowMs = clock.monotonicMs()
    const refill = ((nowMs - bucket.atMs) / 1_000) * RATE.perSecond
    bucket.tokens = Math.min(RATE.burst, bucket.tokens + refill)
    bucket.atMs = nowMs
    if (bucket.tokens < 1 || waiting.length >= LIMIT) return false
    bucket.tokens -= 1
    return true
  }

  async function sendAll(): Promise<void> {
    for (let send = waiting.shift(); send; send = waiting.shift())
      await send().catch((error) => logger.debug('an event was not stored', { error }))
    sending = undefined
  }

  function post(about: WhatsAppInstance, event: ClusterEvent, name: string): () => Promise<unknown> {
    const { namespace, name: regarded, uid } = about.metadata
    const { apiVersion, kind } = about
    const eventTime = microTime(clock)
    return () =>
      api.create(EVENTS, namespace, {
        apiVersion: EVENTS.apiVersion,
        kind: EVENTS.kind,
        metadata: { namespace, name },
        eventTime,
        reportingController: reporter.controller,
        reportingInstance: reporter.instance.slice(0, 128),
        action: event.reason,
        reason: event.reason,
        type: event.type,
        note: cut(event.note),
        regarding: { apiVersion, kind, namespace, name: regarded, uid },
      })
  }

  function count({ namespace, name, count }: Known): () => Promise<unknown> {
    const series = { count, lastObservedTime: microTime(clock) }
    return () => api.mergePatch(EVENTS, { namespace, name }, { series })
  }

  return {
    record(about, event) {
      if (!allowed()) {
        dropped += 1
        return
      }
      if (dropped > 0) logger.warn('events were dropped, there are too many', { dropped })
      dropped = 0
      const identity = [about.metadata.uid, event.type, event.reason, event.note].join('\n')
      const nowMs = clock.monotonicMs()
      const before = known.get(identity)
      known.delete(identity)
      if (before && nowMs - before.seenMs < SERIES_MS) {
        before.count += 1
        before.seenMs = nowMs
        known.set(identity, before)
        waiting.push(count(before))
      } else {
        const { namespace, name: regarded } = about.metadata
        const name = `${regarded}.${randomBytes(8).toString('hex')}`
        known.set(identity, { namespace, name, count: 1, seenMs: nowMs })
        waiting.push(post(about, event, name))
      }
      const [oldest] = known.keys()
      if (known.size > LIMIT && oldest !== undefined) known.delete(oldest)
      sending ??= sendAll()
    },
    /** Sends what waits, for a moment. */
    async stop() {
      const late = new AbortController()
      await Promise.race([sending, clock.sleep(STOP_MS, late.signal).catch(() => {})])
      late.abort()
      waiting.length = 0
    },
  }
}

/** Kubernetes counts bytes. */
function cut(note: string): string {
  const bytes = Buffer.from(note)
  if (bytes.length <= NOTE_LIMIT) return note
  return `${new TextDecoder().decode(bytes.subarray(0, NOTE_LIMIT - 3)).replace(/\uFFFD+$/, '')}…`
}

/** Six digits after the second, as MicroTime wants it. */
function microTime(clock: Clock): string {
  return clock.now().toISOString().replace('Z', '000Z')
}
