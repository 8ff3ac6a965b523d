import { type InstanceSpec, parseInstanceId } from '@warren/contracts'
import type { ConditionView, InstanceView } from '../port.ts'

/** An instance as REST presents it. */
export type RestInstance = {
  readonly id: string
  readonly organization: string
  readonly displayName?: string
  readonly operatingMode: InstanceSpec['operatingMode']
  readonly deletionPolicy: InstanceSpec['deletionPolicy']
  readonly state: string
  readonly conditions: readonly ConditionView[]
  readonly account?: { readonly phone: string; readonly pushName?: string }
  readonly attempt?: { readonly number: number; readonly of: number; readonly expiresAt?: string }
  readonly lastConnectedAt?: string
  readonly lastDisconnect?: { readonly code: number; readonly reason: string; readonly at: string }
  readonly createdAt: string
}

/** How it is shown: phases are written as Kubernetes writes them. */
export function restView(instance: RestInstance): InstanceView {
  const { id, state, attempt, displayName, account, lastConnectedAt, lastDisconnect } = instance
  const { namespace, name } = parseInstanceId(id) ?? { namespace: '', name: id }
  return {
    ...{ name, namespace, id },
    organization: instance.organization,
    ...(displayName === undefined ? {} : { displayName }),
    operatingMode: instance.operatingMode,
    deletionPolicy: instance.deletionPolicy,
    phase: state.charAt(0).toUpperCase() + state.slice(1),
    conditions: instance.conditions,
    ...(account ? { account } : {}),
    ...(attempt
      ? {
          pairing: {
            attempt: attempt.number,
            maxAttempts: attempt.of,
            ...(attempt.expiresAt === undefined ? {} : { expiresAt: attempt.expiresAt }),
          },
        }
      : {}),
    ...(lastConnectedAt === undefined ? {} : { lastConnectedAt }),
    ...(lastDisconnect ? { lastDisconnect } : {}),
    createdAt: instance.createdAt,
    raw: instance,
  }
}
