import type { InstancePhase, InstanceStatus, WhatsAppInstance } from '@warren/contracts'
import { queueKeyOf } from '../resource-key.ts'

/** All instances as their statuses tell them, so that sums cost nothing to keep. */
export type Fleet = {
  /** What exists when an operator begins. The status that its predecessor left may be out of date. */
  expect(instances: Iterable<WhatsAppInstance>): void
  /** Whether everything that was expected has been looked at since. */
  complete(): boolean
  observe(instance: WhatsAppInstance, status: InstanceStatus | undefined): void
  forget(key: string): void
  /** Instances that are to have a session. */
  running(): number
  /**
   * Those that have an account and lost their connection lately, although they are to run: keys, with their organisations. One that has been
   * away for long is not among them: a roll takes nothing from it, and must not wait for what may never come back.
   */
  unavailable(now: Date): ReadonlyMap<string, string>
  /** How many instances are in each phase. */
  phases(): ReadonlyMap<InstancePhase, number>
  /** How many instances have each reason of a condition, as `Type/Reason`. */
  reasons(): ReadonlyMap<string, number>
}

/** From then on an outage is no news. */
const LATELY_MS = 600_000
/** Reasons of Scheduled with which an instance is to run and has no session. */
const WAITS: ReadonlySet<string> = new Set(['InstanceLimit', 'OrganizationMismatch'])

type Entry = {
  readonly runs: boolean
  readonly phase: InstancePhase
  /** `Type/Status/Reason` of each condition. */
  readonly conditions: readonly string[]
}

export function createFleet(): Fleet {
  const entries = new Map<string, Entry>()
  /** Since when, in ms. */
  const away = new Map<string, { readonly sinceMs: number; readonly organization: string }>()
  const phases = new Map<InstancePhase, number>()
  const reasons = new Map<string, number>()
  const expected = new Set<string>()
  let running = 0

  function count(entry: Entry, by: 1 | -1): void {
    if (entry.runs) running += by
    phases.set(entry.phase, (phases.get(entry.phase) ?? 0) + by)
    for (const condition of entry.conditions) reasons.set(condition, (reasons.get(condition) ?? 0) + by)
  }

  function forget(key: string): void {
    expected.delete(key)
    const known = entries.get(key)
    if (!known) return
    count(known, -1)
    entries.delete(key)
    away.delete(key)
  }

  return {
    expect(instances) {
      for (const { metadata } of instances) expected.add(queueKeyOf(metadata))
    },
    complete: () => expected.size === 0,
    observe(instance, status) {
      const key = queueKeyOf(instance.metadata)
      const runs = hasSession(instance, status)
      const conditions = (status?.conditions ?? []).map(
        ({ type, status, reason }) => `${type}/${status}/${reason}`,
      )
      forget(key)
      const entry: Entry = { runs, phase: status?.phase ?? 'Pending', conditions }
      entries.set(key, entry)
      count(entry, 1)
      const sinceMs = runs ? awaySinceMs(status) : undefined
      if (sinceMs !== undefined) away.set(key, { sinceMs, organization: instance.spec.organization })
    },
    forget,
    running: () => running,
    unavailable: (now) =>
      new Map(
        [...away].flatMap(([key, { sinceMs, organization }]) =>
          now.getTime() - sinceMs < LATELY_MS ? [[key, organization]] : [],
        ),
      ),
    phases: () => phases,
    reasons: () => reasons,
  }
}

function hasSession({ metadata, spec }: WhatsAppInstance, status: InstanceStatus | undefined): boolean {
  if (spec.operatingMode !== 'Running' || metadata.deletionTimestamp) return false
  const scheduled = status?.conditions?.find(({ type }) => type === 'Scheduled')
  return !WAITS.has(scheduled?.reason ?? '')
}

/** A session that was ended for good (banned, parked) is not away: nothing brings it back but a person. */
function awaySinceMs(status: InstanceStatus | undefined): number | undefined {
  if (!status?.account) return undefined
  const connected = status.conditions?.find(({ type }) => type === 'Connected')
  if (!connected || !['NoSession', 'Connecting', 'Reconnecting'].includes(connected.reason)) return undefined
  return Date.parse(connected.lastTransitionTime)
}
