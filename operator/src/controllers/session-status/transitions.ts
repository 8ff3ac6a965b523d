import type { ConditionType, InstanceStatus } from '@warren/contracts'
import type { ClusterEvent } from '@warren/runtime/cluster'

/** Conditions whose change people want to see in `kubectl describe`, and whether being False is bad news. */
const TOLD: Partial<Record<ConditionType, { whenTrue: string; whenFalse: string; falseIsBad: boolean }>> = {
  Paired: { whenTrue: 'Paired', whenFalse: 'Unpaired', falseIsBad: true },
  Connected: { whenTrue: 'Connected', whenFalse: 'Disconnected', falseIsBad: false },
  Degraded: { whenTrue: 'Degraded', whenFalse: 'Recovered', falseIsBad: false },
}

/** The events of the step from one status to the next; none when nothing turned. A first False is no news. */
export function transitionEvents(
  before: InstanceStatus | undefined,
  after: InstanceStatus,
): readonly ClusterEvent[] {
  return (after.conditions ?? []).flatMap((now): ClusterEvent[] => {
    const told = TOLD[now.type]
    const was = before?.conditions?.find(({ type }) => type === now.type)?.status
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
