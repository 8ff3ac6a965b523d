import type { InstancePhase, InstanceStatus, WhatsAppInstance } from '@warren/contracts'
import { queueKeyOf } from '../resource-key.ts'

/** All instances as their statuses tell them, so that sums cost nothing to keep. */
export type Fleet = {
  observe(instance: WhatsAppInstance, status: InstanceStatus | undefined): void
  forget(key: string): void
  /** Instances that are to have a session. */
  running(): number
  /** Keys of those that have an account and no connection, although they are to run. */
  unavailable(): ReadonlySet<string>
  /** How many instances are in each phase. */
  phases(): ReadonlyMap<InstancePhase, number>
  /** How many instances have each reason of a condition, as `Type/Reason`. */
  reasons(): ReadonlyMap<string, number>
}

type Entry = {
  readonly runs: boolean
  readonly phase: InstancePhase
  /** `Type/Status/Reason` of each condition. */
  readonly conditions: readonly string[]
}

export function createFleet(): Fleet {
  const entries = new Map<string, Entry>()
  const unavailable = new Set<string>()
  const phases = new Map<InstancePhase, number>()
  const reasons = new Map<string, number>()
  let running = 0

  function count(entry: Entry, by: 1 | -1): void {
    if (entry.runs) running += by
    phases.set(entry.phase, (phases.get(entry.phase) ?? 0) + by)
    for (const condition of entry.conditions) reasons.set(condition, (reasons.get(condition) ?? 0) + by)
  }

  function forget(key: string): void {
    const known = entries.get(key)
    if (!known) return
    count(known, -1)
    entries.delete(key)
    unavailable.delete(key)
  }

  return {
    observe(instance, status) {
      const key = queueKeyOf(instance.metadata)
      const runs = instance.spec.operatingMode === 'Running' && !instance.metadata.deletionTimestamp
      const conditions = (status?.conditions ?? []).map(
        ({ type, status, reason }) => `${type}/${status}/${reason}`,
      )
      forget(key)
      const entry: Entry = { runs, phase: status?.phase ?? 'Pending', conditions }
      entries.set(key, entry)
      count(entry, 1)
      if (runs && isAway(status)) unavailable.add(key)
    },
    forget,
    running: () => running,
    unavailable: () => unavailable,
    phases: () => phases,
    reasons: () => reasons,
  }
}

/** A session that was ended for good (banned, parked) is not away: nothing brings it back but a person. */
function isAway(status: InstanceStatus | undefined): boolean {
  if (!status?.account) return false
  const connected = status.conditions?.find(({ type }) => type === 'Connected')
  return ['NoSession', 'Connecting', 'Reconnecting'].includes(connected?.reason ?? '')
}
