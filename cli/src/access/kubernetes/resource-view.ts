import { instanceIdOf, type WhatsAppInstance } from '@warren/contracts'
import type { InstanceView } from '../port.ts'

/** How a resource is shown. */
export function resourceView(resource: WhatsAppInstance): InstanceView {
  const { metadata, spec, status = {} } = resource
  const { account, pairing, lastDisconnect, lastConnectedTime, pod, epoch } = status
  return {
    name: metadata.name,
    namespace: metadata.namespace,
    id: instanceIdOf(metadata),
    organization: spec.organization,
    ...(spec.displayName === undefined ? {} : { displayName: spec.displayName }),
    operatingMode: spec.operatingMode,
    deletionPolicy: spec.deletionPolicy,
    phase: metadata.deletionTimestamp ? 'Terminating' : (status.phase ?? 'Pending'),
    conditions: status.conditions ?? [],
    ...(account ? { account } : {}),
    ...(pairing
      ? {
          pairing: {
            attempt: pairing.attempt,
            maxAttempts: pairing.maxAttempts,
            ...(pairing.expiresAt === undefined ? {} : { expiresAt: pairing.expiresAt }),
          },
        }
      : {}),
    ...(pod === undefined ? {} : { pod }),
    ...(epoch === undefined ? {} : { epoch }),
    ...(lastConnectedTime === undefined ? {} : { lastConnectedAt: lastConnectedTime }),
    ...(lastDisconnect
      ? {
          lastDisconnect: {
            code: lastDisconnect.code,
            reason: lastDisconnect.reason,
            at: lastDisconnect.time,
          },
        }
      : {}),
    createdAt: metadata.creationTimestamp,
    raw: resource,
  }
}
