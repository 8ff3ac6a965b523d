import { createHash } from 'node:crypto'
import {
  GROUP,
  instanceIdOf,
  type OwnerReference,
  RESTARTED_AT_ANNOTATION,
  type ResourceKey,
  type WhatsAppInstance,
} from '@warren/contracts'
import type { PodSpec, SessionPodManifest } from '@warren/runtime/cluster'

/** What all session pods of an installation have in common; the composition root gives it. */
export type SessionPodTemplate = {
  /** Absent on one machine, where a pod is a process. */
  readonly image?: string
  readonly command: readonly string[]
  readonly args?: readonly string[]
  /** Addresses of the data services and everything else that is the same for all. */
  readonly env: Readonly<Record<string, string>>
  /** Folder in which the pod finds its instance's key. */
  readonly keyFolder: string
  /** A session needs a moment to store its last commit and to release its lease. */
  readonly terminationGracePeriodSeconds: number
}

/** What the pod was made from. A pod with another hash is replaced. */
export const TEMPLATE_HASH_ANNOTATION = `${GROUP}/template-hash`

/** File of the instance's key below the template's `keyFolder`, and its name in the secret. */
export const KEY_FILE = 'instance-key'

/** The pod has the instance's name: the API server itself then refuses a second one. */
export function podKeyOf(instance: ResourceKey): ResourceKey {
  return { namespace: instance.namespace, name: instance.name }
}

export function keySecretKeyOf(instance: ResourceKey): ResourceKey {
  return { namespace: instance.namespace, name: `${instance.name}-session-key` }
}

/** Makes the instance the owner: the object is removed with it. */
export function ownedBy(instance: WhatsAppInstance): OwnerReference {
  const { apiVersion, kind, metadata } = instance
  return {
    apiVersion,
    kind,
    name: metadata.name,
    uid: metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  }
}

/** The pod that this instance should have. The same instance and template give the same pod, hash included. */
export function sessionPodOf(instance: WhatsAppInstance, template: SessionPodTemplate): SessionPodManifest {
  const { organization } = instance.spec
  const spec = podSpec(instance, template)
  const restartedAt = instance.metadata.annotations?.[RESTARTED_AT_ANNOTATION]
  return {
    metadata: {
      ...podKeyOf(instance.metadata),
      labels: {
        'app.kubernetes.io/name': 'warren',
        'app.kubernetes.io/component': 'session',
        'app.kubernetes.io/managed-by': 'warren-operator',
        [`${GROUP}/organization`]: organization,
      },
      annotations: {
        [TEMPLATE_HASH_ANNOTATION]: createHash('sha256')
          .update(JSON.stringify(spec))
          .digest('hex')
          .slice(0, 16),
        ...(restartedAt === undefined ? {} : { [RESTARTED_AT_ANNOTATION]: restartedAt }),
      },
      ownerReferences: [ownedBy(instance)],
    },
    spec,
  }
}

function podSpec(instance: WhatsAppInstance, template: SessionPodTemplate): PodSpec {
  const { pairing, organization } = instance.spec
  const env: Record<string, string> = {
    ...template.env,
    WARREN_INSTANCE: instanceIdOf(instance.metadata),
    WARREN_ORGANIZATION: organization,
    WARREN_POD_NAME: podKeyOf(instance.metadata).name,
    WARREN_INSTANCE_KEY_FILE: `${template.keyFolder}/${KEY_FILE}`,
    WARREN_PAIRING_METHOD: pairing.method.toLowerCase(),
    WARREN_PAIRING_MAX_ATTEMPTS: String(pairing.maxAttempts),
    ...(pairing.phoneNumber === undefined ? {} : { WARREN_PAIRING_PHONE_NUMBER: pairing.phoneNumber }),
  }
  return {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: template.terminationGracePeriodSeconds,
    containers: [
      {
        name: 'session',
        ...(template.image === undefined ? {} : { image: template.image }),
        command: [...template.command],
        ...(template.args === undefined ? {} : { args: [...template.args] }),
        env: Object.entries(env).map(([name, value]) => ({ name, value })),
        volumeMounts: [{ name: 'instance-key', mountPath: template.keyFolder, readOnly: true }],
      },
    ],
    volumes: [{ name: 'instance-key', secret: { secretName: keySecretKeyOf(instance.metadata).name } }],
  }
}
