import type { Condition, ConditionReason, ConditionType, InstanceStatus } from '@warren/contracts'
import type { ClusterEvent } from '@warren/runtime/cluster'

/** Conditions whose change people want to see in `kubectl describe`, and whether being False is bad news. */
const TOLD: Partial<Record<ConditionType, { whenTrue: string; whenFalse: string; falseIsBad: boolean }>> = {
  Paired: { whenTrue: 'Paired', whenFalse: 'Unpaired', falseIsBad: true },
  Connected: { whenTrue: 'Connected', whenFalse: 'Disconnected', falseIsBad: false },
  Degraded: { whenTrue: 'Degraded', whenFalse: 'Recovered', falseIsBad: false },
}

/** Reasons for having no pod that a person should know of. */
const TOLD_OBSTACLES: ReadonlySet<string> = new Set<ConditionReason<'Scheduled'>>([
  'PodForeign',
  'PodRefused',
  'PodUnreachable',
  'Unschedulable',
  'InstanceLimit',
  'OrganizationMismatch',
])

/** The events of the step from one status to the next; none when nothing turned. A first False is no news. */
export function transitionEvents(
  before: InstanceStatus | undefined,
  after: InstanceStatus,
): readonly ClusterEvent[] {
  return (after.conditions ?? []).flatMap((now): ClusterEvent[] => {
    const known = before?.conditions?.find(({ type }) => type === now.type)
    if (now.type === 'Scheduled') return obstacleEvent(known, now)
    const told = TOLD[now.type]
    const was = known?.status
    if (!told || now.status === was || now.status === 'Unknown') return []
    if (now.status === 'False' && was !== 'True') return []
    const bad = now.type === 'Degraded' ? now.status === 'True' : now.status === 'False' && told.falseIsBad
    return [
      {
        type: bad ? 'Warning' : 'Normal',
        reason: now.status === 'True' ? told.whenTrue : told.whenFalse,
        note: now.message,
      },
    ]
  })
}

function obstacleEvent(before: Condition | undefined, now: Condition): ClusterEvent[] {
  if (before?.reason === now.reason || !TOLD_OBSTACLES.has(now.reason)) return []
  return [{ type: 'Warning', reason: now.reason, note: now.message }]
}
