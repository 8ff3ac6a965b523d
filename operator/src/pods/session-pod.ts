import {
  instanceIdOf,
  ORGANIZATION_LABEL,
  type OwnerReference,
  RESTARTED_AT_ANNOTATION,
  type ResourceKey,
  type WhatsAppInstance,
} from '@warren/contracts'
import type { PodSpec, SessionPodManifest } from '@warren/runtime/cluster'
import { clusterSpec, containerSpec } from './cluster-spec.ts'
import {
  INSTANCE_ANNOTATION,
  INSTANCE_HASH_LABEL,
  SESSION_LABELS,
  TEMPLATE_HASH_ANNOTATION,
} from './labels.ts'
import { podKeyOf } from './pod-names.ts'
import { digestOf, type PreparedTemplate } from './template.ts'

const POD_UID = { fieldRef: { fieldPath: 'metadata.uid' } } as const

/** File of the instance's key below the template's `keyFolder`, and its name in the secret. */
export const KEY_FILE = 'instance-key'

/** The same for the key of the organisation's pools of proxies. */
export const PROXY_KEY_FILE = 'proxy-key'

/** The secret of an instance: its own key, and the connection strings that all sessions share. */
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

/**
 * The pod that this instance should have. The same instance and template give the same pod and hash; the hash does not depend on which of
 * the instance's names the pod has.
 */
export function sessionPodOf(
  instance: WhatsAppInstance,
  template: PreparedTemplate,
  ordinal = 1,
): SessionPodManifest {
  const { organization } = instance.spec
  const restartedAt = instance.metadata.annotations?.[RESTARTED_AT_ANNOTATION]
  const key = podKeyOf(instance.metadata, ordinal)
  const name = instanceIdOf(instance.metadata)
  return {
    metadata: {
      ...key,
      labels: {
        ...template.labels,
        ...SESSION_LABELS,
        'app.kubernetes.io/managed-by': 'warren-operator',
        [ORGANIZATION_LABEL]: organization,
        [INSTANCE_HASH_LABEL]: digestOf(name),
      },
      annotations: {
        ...template.annotations,
        [INSTANCE_ANNOTATION]: instance.metadata.name,
        [TEMPLATE_HASH_ANNOTATION]: hashOf(instance, template),
        ...(restartedAt === undefined ? {} : { [RESTARTED_AT_ANNOTATION]: restartedAt }),
      },
      ownerReferences: [ownedBy(instance)],
    },
    spec: podSpec(instance, template, key.name),
  }
}

/** Of everything that a running pod was made from and that only a new one can have. */
function hashOf(instance: WhatsAppInstance, template: PreparedTemplate): string {
  const { labels, annotations, secretsDigest } = template
  const spec = podSpec(instance, template, instance.metadata.name)
  return digestOf({ spec, labels, annotations, secretsDigest })
}

function podSpec(instance: WhatsAppInstance, template: PreparedTemplate, podName: string): PodSpec {
  const { keyFolder, secretEnv = {} } = template
  const env: Record<string, string> = {
    ...template.env,
    ...instanceEnv(instance),
    WARREN_POD_NAME: podName,
    WARREN_INSTANCE_KEY_FILE: `${keyFolder}/${KEY_FILE}`,
    ...proxyEnv(instance, template),
    ...Object.fromEntries(Object.keys(secretEnv).map((name) => [`${name}_FILE`, `${keyFolder}/${name}`])),
  }
  const inCluster = template.image !== undefined
  const proxies = instance.spec.proxy?.secretRef
  return {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: template.terminationGracePeriodSeconds,
    ...(inCluster ? clusterSpec(instance.spec, template) : {}),
    containers: [
      {
        name: 'session',
        ...(template.command === undefined ? {} : { command: [...template.command] }),
        ...(template.args === undefined ? {} : { args: [...template.args] }),
        ...(inCluster ? containerSpec(instance.spec, template) : {}),
        env: [
          ...Object.entries(env).map(([name, value]) => ({ name, value })),
          // A node starts a container of a pod when the last one has ended. One machine tells its processes by itself.
          ...(inCluster ? [{ name: 'WARREN_PLACE', valueFrom: POD_UID }] : []),
        ],
        volumeMounts: [
          { name: 'instance-key', mountPath: keyFolder, readOnly: true },
          ...(proxies ? [{ name: 'proxies', mountPath: proxyFolder(template), readOnly: true }] : []),
          ...(inCluster ? [{ name: 'tmp', mountPath: '/tmp' }] : []),
        ],
      },
    ],
    volumes: [
      { name: 'instance-key', secret: { secretName: keySecretKeyOf(instance.metadata).name } },
      ...(proxies ? [{ name: 'proxies', secret: { secretName: proxies.name } }] : []),
      ...(inCluster ? [{ name: 'tmp', emptyDir: { sizeLimit: '64Mi' } }] : []),
    ],
  }
}

/** Where a secret with proxies is mounted; as `keyFolder`, below the pod's own folder on one machine. */
const proxyFolder = ({ image }: PreparedTemplate) => (image === undefined ? 'proxies' : '/etc/warren/proxies')

/** Either variable keeps the session from ever going directly. */
function proxyEnv({ spec }: WhatsAppInstance, template: PreparedTemplate): Record<string, string> {
  const { secretRef, pool } = spec.proxy ?? {}
  if (secretRef) return { WARREN_PROXIES_PATH: `${proxyFolder(template)}/proxies` }
  if (!pool) return {}
  const key = template.proxyMasterKey
    ? { WARREN_PROXY_KEY_FILE: `${template.keyFolder}/${PROXY_KEY_FILE}` }
    : {}
  return { WARREN_PROXY_POOL: pool, ...key }
}

/** What the session is told of its instance. */
function instanceEnv({ metadata, spec }: WhatsAppInstance): Record<string, string> {
  const { pairing, protection, organization } = spec
  return {
    WARREN_INSTANCE: instanceIdOf(metadata),
    WARREN_ORGANIZATION: organization,
    WARREN_PAIRING_METHOD: pairing.method.toLowerCase(),
    WARREN_PAIRING_MAX_ATTEMPTS: String(pairing.maxAttempts),
    ...(pairing.phoneNumber === undefined ? {} : { WARREN_PAIRING_PHONE_NUMBER: pairing.phoneNumber }),
    ...(protection === undefined ? {} : { WARREN_PROTECTION: JSON.stringify(protection) }),
  }
}
