/** The parts of a session pod that only a real cluster knows: security, probes, size and place. */
import type { InstanceSpec, SessionResources } from '@warren/contracts'
import type { PodContainer, PodSpec, Probe } from '@warren/runtime/cluster'
import { SESSION_LABELS } from './labels.ts'
import type { SessionPodTemplate } from './template.ts'

/** A session that has to wait for MongoDB at its start is not killed for it. */
const STARTUP_SECONDS = 120

/** Within the restricted profile of the Pod Security Standards. A session asks nothing of the API server and gets no token. */
export function clusterSpec(
  { scheduling = {} }: InstanceSpec,
  template: SessionPodTemplate,
): Partial<PodSpec> {
  const { runAs = {} } = template
  const priorityClassName = scheduling.priorityClassName ?? template.priorityClassName
  const affinity = scheduling.affinity ?? template.affinity
  const nodeSelector = { ...template.nodeSelector, ...scheduling.nodeSelector }
  const tolerations = [...(template.tolerations ?? []), ...(scheduling.tolerations ?? [])]
  const spread = template.topologySpreadConstraints ?? []
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
      ...(runAs.user === undefined ? {} : { runAsUser: runAs.user }),
      ...(runAs.group === undefined ? {} : { runAsGroup: runAs.group }),
      ...(runAs.fsGroup === undefined ? {} : { fsGroup: runAs.fsGroup }),
    },
    ...(template.serviceAccountName === undefined ? {} : { serviceAccountName: template.serviceAccountName }),
    ...(template.imagePullSecrets?.length
      ? { imagePullSecrets: template.imagePullSecrets.map((name) => ({ name })) }
      : {}),
    ...(priorityClassName === undefined ? {} : { priorityClassName }),
    ...(affinity === undefined ? {} : { affinity }),
    ...(Object.keys(nodeSelector).length > 0 ? { nodeSelector } : {}),
    ...(tolerations.length > 0 ? { tolerations } : {}),
    ...(spread.length > 0
      ? {
          topologySpreadConstraints: spread.map((one) => ({
            labelSelector: { matchLabels: SESSION_LABELS },
            ...one,
          })),
        }
      : {}),
  }
}

export function containerSpec(spec: InstanceSpec, template: SessionPodTemplate): Partial<PodContainer> {
  const { image, imagePullPolicy, healthPort } = template
  return {
    ...(image === undefined ? {} : { image }),
    ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }),
    ...(healthPort === undefined ? {} : probes(healthPort)),
    resources: resourcesOf(spec.resources, template.resources),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  }
}

/** Alive is what only a restart mends; ready is holding the lease, whatever WhatsApp does. */
function probes(port: number): Partial<PodContainer> {
  const probe = (path: string, periodSeconds: number, failureThreshold: number): Probe => ({
    httpGet: { path, port: 'health' },
    periodSeconds,
    timeoutSeconds: 5,
    failureThreshold,
  })
  return {
    ports: [{ name: 'health', containerPort: port }],
    startupProbe: probe('/livez', 1, STARTUP_SECONDS),
    livenessProbe: probe('/livez', 15, 4),
    readinessProbe: probe('/readyz', 5, 2),
  }
}

/** Amount by amount, the instance's before the installation's. */
function resourcesOf(own: SessionResources = {}, general: SessionResources = {}): SessionResources {
  return {
    requests: { ...general.requests, ...own.requests },
    limits: { ...general.limits, ...own.limits },
  }
}
