/** A session pod: the part of Kubernetes' Pod that Warren uses, under Kubernetes' names. */
import type { ObjectMeta, OwnerReference, SessionResources, Toleration } from '@warren/contracts'

export type EnvVar =
  | { readonly name: string; readonly value: string }
  /** Set by the node: the identity of the pod, which no other ever has. */
  | {
      readonly name: string
      readonly valueFrom: { readonly fieldRef: { readonly fieldPath: 'metadata.uid' } }
    }

/** The files of a secret, as a volume of the pod. */
export type SecretVolume = { readonly name: string; readonly secret: { readonly secretName: string } }

/** An empty folder that ends with the pod. */
export type EmptyDirVolume = { readonly name: string; readonly emptyDir: { readonly sizeLimit?: string } }

export type PodVolume = SecretVolume | EmptyDirVolume

/** `mountPath` is absolute in Kubernetes; on one machine it is relative to the pod's own working directory. */
export type VolumeMount = { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }

/** Asks over HTTP; times in seconds. */
export type Probe = {
  readonly httpGet: { readonly path: string; readonly port: number | string }
  readonly periodSeconds: number
  readonly timeoutSeconds: number
  readonly failureThreshold: number
}

export type ContainerSecurityContext = {
  readonly allowPrivilegeEscalation: false
  readonly readOnlyRootFilesystem: true
  readonly capabilities: { readonly drop: readonly ['ALL'] }
}

export type PodSecurityContext = {
  readonly runAsNonRoot: true
  readonly seccompProfile: { readonly type: 'RuntimeDefault' }
  readonly runAsUser?: number
  readonly runAsGroup?: number
  readonly fsGroup?: number
}

/** A part of a pod that Warren hands on and does not look into. */
export type Opaque = Readonly<Record<string, unknown>>

export type PodContainer = {
  readonly name: string
  readonly image?: string
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never'
  /** Replaces the image's entry point, the program first. One machine has no images and needs it. */
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: readonly EnvVar[]
  readonly volumeMounts?: readonly VolumeMount[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly startupProbe?: Probe
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly resources?: SessionResources
  readonly securityContext?: ContainerSecurityContext
}

/** One machine uses command, arguments, environment and secrets alone; the rest is for a real cluster. */
export type PodSpec = {
  /** A session that ends is started again in place, after growing pauses (10 s to 5 min in Kubernetes). */
  readonly restartPolicy: 'Always'
  /** Between SIGTERM and SIGKILL. */
  readonly terminationGracePeriodSeconds: number
  readonly containers: readonly [PodContainer]
  readonly volumes?: readonly PodVolume[]
  /** Set by the scheduler. */
  readonly nodeName?: string
  readonly serviceAccountName?: string
  readonly automountServiceAccountToken?: false
  readonly enableServiceLinks?: false
  readonly imagePullSecrets?: readonly { readonly name: string }[]
  readonly securityContext?: PodSecurityContext
  readonly priorityClassName?: string
  readonly nodeSelector?: Readonly<Record<string, string>>
  readonly tolerations?: readonly Toleration[]
  readonly affinity?: Opaque
  readonly topologySpreadConstraints?: readonly Opaque[]
}

/** What is handed to `create`. */
export type SessionPodManifest = {
  readonly metadata: {
    readonly namespace: string
    readonly name: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly ownerReferences?: readonly OwnerReference[]
  }
  readonly spec: PodSpec
}

/** Exactly one of the three is set. `reason` is Kubernetes' word, e.g. `CrashLoopBackOff`, `Error`, `Completed`. */
export type ContainerState = {
  readonly waiting?: { readonly reason: string; readonly message?: string }
  readonly running?: { readonly startedAt: string }
  readonly terminated?: {
    /** 128 + the number of the signal where a signal ended it. */
    readonly exitCode: number
    readonly reason: string
    readonly startedAt: string
    readonly finishedAt: string
  }
}

export type ContainerStatus = {
  readonly name: string
  /** How often it was started again. */
  readonly restartCount: number
  readonly state: ContainerState
  /** How the run before ended. */
  readonly lastState?: ContainerState
}

/** The standard condition of pods, e.g. `PodScheduled`, `Ready`. */
export type PodCondition = {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  /** Kubernetes' word, e.g. `Unschedulable`; and in words. */
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string
}

export type PodStatus = {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown'
  /** Why it is pending or failed, e.g. `Unschedulable`, `Evicted`; and in words. */
  readonly reason?: string
  readonly message?: string
  /** ISO time at which the node took it. */
  readonly startTime?: string
  readonly conditions?: readonly PodCondition[]
  readonly containerStatuses?: readonly ContainerStatus[]
}

export type SessionPod = {
  readonly apiVersion: 'v1'
  readonly kind: 'Pod'
  readonly metadata: ObjectMeta
  readonly spec: PodSpec
  readonly status: PodStatus
}
