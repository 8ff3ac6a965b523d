import type { InstanceView } from '../access/port.ts'
import { ago } from './duration.ts'
import { printable } from './printable.ts'
import { table } from './table.ts'

/** @param options.wide also phone, pod and display name */
export function instanceTable(
  instances: readonly InstanceView[],
  { now, wide, namespaces }: { now: Date; wide: boolean; namespaces: boolean },
): string {
  const header = [
    ...(namespaces ? ['NAMESPACE'] : []),
    ...['NAME', 'PHASE', 'READY', 'REASON', 'ORGANIZATION'],
    ...(wide ? ['PHONE', 'POD', 'DISPLAY NAME'] : []),
    'AGE',
  ]
  const rows = instances.map((one) => {
    const ready = one.conditions.find(({ type }) => type === 'Ready')
    return [
      ...(namespaces ? [one.namespace] : []),
      ...[one.name, one.phase, ready?.status ?? 'Unknown', ready?.reason ?? '', one.organization],
      ...(wide ? [one.account?.phone ?? '', one.pod ?? '', printable(one.displayName ?? '')] : []),
      ago(one.createdAt, now),
    ]
  })
  return table([header, ...rows])
}
