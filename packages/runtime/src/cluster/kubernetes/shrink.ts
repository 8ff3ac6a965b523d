/** What of an object is kept. Thousands are, so what nobody reads must not be. */
import type { WhatsAppInstance } from '@warren/contracts'
import type { SessionPod } from '../pod.ts'

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

export function shrinkInstance(instance: WhatsAppInstance): WhatsAppInstance {
  return { ...instance, metadata: shrinkMetadata(instance.metadata) }
}

/** Environment, volumes, probes and security settings are what the template's hash stands for. */
export function shrinkPod({ apiVersion, kind, metadata, spec, status }: SessionPod): SessionPod {
  const [container] = spec.containers
  const { name, image, command, args } = container
  return {
    apiVersion,
    kind,
    metadata: shrinkMetadata(metadata),
    spec: {
      ...pick(spec, ['restartPolicy', 'terminationGracePeriodSeconds', 'nodeName']),
      containers: [without({ name, image, command, args })],
    },
    status: pick(status, [
      'phase',
      'reason',
      'message',
      'startTime',
      'podIP',
      'conditions',
      'containerStatuses',
    ]),
  } as unknown as SessionPod
}

function shrinkMetadata<M extends WhatsAppInstance['metadata']>(metadata: M): M {
  const { managedFields, selfLink, annotations, ...kept } = metadata as M & {
    managedFields?: unknown
    selfLink?: unknown
  }
  const { [LAST_APPLIED]: _, ...others } = annotations ?? {}
  return { ...kept, ...(Object.keys(others).length > 0 ? { annotations: others } : {}) } as unknown as M
}

function pick(object: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(object).filter(([name]) => names.includes(name)))
}

function without(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}
