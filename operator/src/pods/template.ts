import { createHash, createHmac } from 'node:crypto'
import type { SessionResources, Toleration } from '@warren/contracts'
import type { Opaque } from '@warren/runtime/cluster'
import type { SealingKey } from '@warren/runtime/crypto'

/** What all session pods of an installation have in common; the composition root gives it. */
export type SessionPodTemplate = {
  /** Absent on one machine, where a pod is a process; everything that only a real cluster knows is left out then. */
  readonly image?: string
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never'
  /** Names of secrets in the namespaces of the instances. */
  readonly imagePullSecrets?: readonly string[]
  /** The image's own entry point where absent. */
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  /** What is the same for all and no secret. It is readable in the pod's spec. */
  readonly env: Readonly<Record<string, string>>
  /**
   * Variables with a secret in them, above all `MONGODB_URI` and `REDIS_URL`. They are files of the instance's own secret, and the pod
   * gets `<NAME>_FILE` with their path.
   */
  readonly secretEnv?: Readonly<Record<string, string>>
  /** From which the key of each organisation for its pools of proxies is derived; without it sessions cannot use pools. */
  readonly proxyMasterKey?: SealingKey
  /**
   * Master keys that were used before. Sessions get what is derived of them beside their present key, to open what it sealed; pods are not
   * replaced when one comes or goes.
   */
  readonly previousMasterKeys?: readonly SealingKey[]
  /** Folder in which the pod finds the files of its secret: absolute in a cluster, relative to the pod's own folder on one machine. */
  readonly keyFolder: string
  /** A session needs a moment to store its last commit and to release its lease. */
  readonly terminationGracePeriodSeconds: number
  /** Where `/livez` and `/readyz` are asked; no probes where absent. */
  readonly healthPort?: number
  /** Without any right; its token is not mounted. */
  readonly serviceAccountName?: string
  /** Numeric ids, where the image's are not the ones wanted. */
  readonly runAs?: { readonly user?: number; readonly group?: number; readonly fsGroup?: number }
  readonly resources?: SessionResources
  readonly priorityClassName?: string
  readonly nodeSelector?: Readonly<Record<string, string>>
  readonly tolerations?: readonly Toleration[]
  readonly affinity?: Opaque
  /** As in a pod. One without `labelSelector` gets the one of all session pods. */
  readonly topologySpreadConstraints?: readonly Opaque[]
  /** Added to Warren's own. */
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/** A template with what is computed from it once. */
export type PreparedTemplate = SessionPodTemplate & {
  /** Changes with any of the secrets and tells nothing about them. */
  readonly secretsDigest: string
  /** Changes with anything in the template. */
  readonly digest: string
}

/** @param masterKey keys the digest of the secrets: a plain hash in an annotation would let a weak password be guessed */
export function prepareTemplate(template: SessionPodTemplate, masterKey: SealingKey): PreparedTemplate {
  const secrets = Object.entries(template.secretEnv ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  const secretsDigest = createHmac('sha256', masterKey.bytes)
    .update(JSON.stringify(secrets))
    .update(template.proxyMasterKey ? Buffer.from(template.proxyMasterKey.bytes) : '')
    .digest('hex')
    .slice(0, 16)
  const { secretEnv, proxyMasterKey, previousMasterKeys, ...open } = template
  return { ...template, secretsDigest, digest: digestOf({ open, secretsDigest }) }
}

/** 16 hexadecimal characters of a value's hash. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
}
