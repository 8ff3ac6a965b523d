import { type KubernetesClient, KubernetesError } from '../client.ts'

/** The part of a pod that a node of the tests acts on, under Kubernetes' names. */
export type NodePod = {
  readonly metadata: {
    readonly namespace: string
    readonly name: string
    readonly uid: string
    readonly resourceVersion: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly deletionTimestamp?: string
    readonly deletionGracePeriodSeconds?: number
  }
  readonly spec: {
    readonly nodeName?: string
    readonly restartPolicy?: 'Always' | 'OnFailure' | 'Never'
    readonly terminationGracePeriodSeconds?: number
    readonly containers: readonly NodeContainer[]
    readonly volumes?: readonly Volume[]
    readonly tolerations?: readonly Toleration[]
  }
  readonly status?: { readonly phase?: string }
}

export type NodeContainer = {
  readonly name: string
  readonly image?: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly workingDir?: string
  readonly env?: readonly EnvEntry[]
  readonly envFrom?: readonly {
    readonly prefix?: string
    readonly secretRef?: Ref
    readonly configMapRef?: Ref
  }[]
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[]
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[]
  readonly startupProbe?: Probe
  readonly readinessProbe?: Probe
  readonly livenessProbe?: Probe
}

type Ref = { readonly name: string; readonly optional?: boolean }
type KeyRef = Ref & { readonly key: string }

export type EnvEntry = {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: {
    readonly secretKeyRef?: KeyRef
    readonly configMapKeyRef?: KeyRef
    readonly fieldRef?: { readonly fieldPath: string }
  }
}

export type Volume = {
  readonly name: string
  readonly secret?: {
    readonly secretName: string
    readonly items?: readonly { readonly key: string; readonly path: string }[]
    readonly optional?: boolean
  }
  readonly configMap?: Ref & { readonly items?: readonly { readonly key: string; readonly path: string }[] }
  readonly emptyDir?: object
}

export type Probe = {
  readonly httpGet?: { readonly path?: string; readonly port: number | string; readonly host?: string }
  readonly tcpSocket?: { readonly port: number | string; readonly host?: string }
  readonly initialDelaySeconds?: number
  readonly periodSeconds?: number
  readonly timeoutSeconds?: number
  readonly failureThreshold?: number
  readonly successThreshold?: number
}

export type Toleration = {
  readonly key?: string
  readonly operator?: 'Exists' | 'Equal'
  readonly value?: string
  readonly effect?: string
}

export type Taint = { readonly key: string; readonly value?: string; readonly effect: string }

/**
 * Whether a write failed because the pod is not there any more, or another one has its name. A conflict alone does not say so: two
 * writes at the same time conflict as well.
 */
export async function isGone(
  client: KubernetesClient,
  { metadata }: NodePod,
  error: unknown,
): Promise<boolean> {
  if (!(error instanceof KubernetesError)) return false
  if (error.status !== 409) return error.status === 404
  const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`
  return client.request('GET', path).then(
    (found) => found.metadata.uid !== metadata.uid,
    (why: unknown) => why instanceof KubernetesError && why.status === 404,
  )
}
