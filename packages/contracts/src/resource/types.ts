/** The WhatsAppInstance resource. Spec is the user's, status is the operator's; nobody writes the other's half. */
import type { Account } from '../message.ts'
import type { ProtectionSpec } from '../protection.ts'
import type { Condition } from './conditions.ts'

export const GROUP = 'warren.dev'
export const VERSION = 'v1alpha1'
export const API_VERSION = `${GROUP}/${VERSION}`
export const KIND = 'WhatsAppInstance'
export const PLURAL = 'whatsappinstances'

/** Keeps an instance until its session was ended as `spec.deletionPolicy` says. */
export const FINALIZER = `${GROUP}/session`

/** Label of a namespace: its instances may only be of this organisation. */
export const ORGANIZATION_LABEL = `${GROUP}/organization`

/** Asks for one restart of the session; the value is any text that differs from the last one, by custom an ISO time. */
export const RESTARTED_AT_ANNOTATION = `${GROUP}/restartedAt`

export type InstanceSpec = {
  /** The tenant that owns the account. Immutable. */
  organization: string
  /** For people; free text. */
  displayName?: string
  /** `Suspended` stops the session and keeps the pairing. Default `Running`. */
  operatingMode: 'Running' | 'Suspended'
  /**
   * What becomes of the link when the resource is deleted. `Retain` keeps the credentials, so that the same name applied again resumes;
   * `Logout` unlinks the device at WhatsApp and removes the data; `Delete` removes the data and leaves the device listed on the phone.
   * Default `Retain`.
   */
  deletionPolicy: 'Retain' | 'Logout' | 'Delete'
  pairing: InstancePairing
  /** What the session reaches WhatsApp through; it never goes around it. Absent: directly. Exactly one of the two fields is set. */
  proxy?: InstanceProxy
  /** Limits, pacing and pauses. Where absent the session's own default holds: everything on, or nothing with a simulated WhatsApp. */
  protection?: ProtectionSpec
  /** What one session may use of its node; what is not given here is the installation's default. */
  resources?: SessionResources
  /** Where the session may run; what is not given here is the installation's default. */
  scheduling?: SessionScheduling
  /** When a session is given up and another pod takes its place. Absent in objects that are older than the field. */
  failover?: SessionFailover
}

/** Amounts as Kubernetes writes them, e.g. `100m` of a core, `64Mi` of memory. */
export type ResourceList = { cpu?: string; memory?: string; 'ephemeral-storage'?: string }

export type SessionResources = { requests?: ResourceList; limits?: ResourceList }

/** The toleration of a taint, as Kubernetes has it. */
export type Toleration = {
  key?: string
  operator?: 'Exists' | 'Equal'
  value?: string
  effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'
  tolerationSeconds?: number
}

export type SessionScheduling = {
  /** Added to the installation's; of one label the instance's value counts. */
  nodeSelector?: Record<string, string>
  /** Added to the installation's. */
  tolerations?: Toleration[]
  /** Replaces the installation's. */
  affinity?: Record<string, unknown>
  /** Replaces the installation's. */
  priorityClassName?: string
}

export type SessionFailover = {
  /** How long a node may be unreachable before a pod elsewhere takes over. 20 to 3600, default 60. */
  unreachableSeconds: number
}

export type InstanceProxy = {
  /** A secret in the instance's namespace; its field `proxies` holds URLs (http, https, socks5), one a line. */
  secretRef?: { name: string }
  /** A pool that the organisation keeps over REST. */
  pool?: string
}

export type InstancePairing = {
  /** `QR` (scan) or `Code` (type eight characters on the phone). Default `QR`. */
  method: 'QR' | 'Code'
  /** Digits of the international number. Needed for `Code`; where given, only this number may be linked. Immutable once paired. */
  phoneNumber?: string
  /** QRs shown before the pairing is parked until someone asks again. 1 to 6, default 3. */
  maxAttempts: number
  /** Whether QR and code appear in `status.pairing`, where everyone who may read the resource sees them. Default false. */
  showInStatus: boolean
}

export type InstancePhase =
  | 'Pending'
  | 'Pairing'
  | 'Connecting'
  | 'Connected'
  | 'Degraded'
  | 'LoggedOut'
  | 'Banned'
  | 'Suspended'
  | 'Terminating'

export type InstanceStatus = {
  /** Derived from the conditions, for the eye. */
  phase?: InstancePhase
  observedGeneration?: number
  conditions?: Condition[]
  account?: Account
  pairing?: { attempt: number; maxAttempts: number; expiresAt?: string; qr?: string; code?: string }
  /** The pod that runs the session. */
  pod?: string
  /** The node that it runs on. */
  node?: string
  /** The fencing epoch of the present holder. */
  epoch?: number
  lastConnectedTime?: string
  lastDisconnect?: { code: number; reason: string; time: string }
}

export type OwnerReference = {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export type ObjectMeta = {
  namespace: string
  name: string
  uid: string
  resourceVersion: string
  /** Rises when the spec changes. */
  generation: number
  creationTimestamp: string
  deletionTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
  ownerReferences?: OwnerReference[]
}

/** As the cluster holds it: all defaults are filled in. */
export type WhatsAppInstance = {
  apiVersion: typeof API_VERSION
  kind: typeof KIND
  metadata: ObjectMeta
  spec: InstanceSpec
  status?: InstanceStatus
}

/** As a person writes it: only the organisation must be given. */
export type InstanceManifest = {
  apiVersion: typeof API_VERSION
  kind: typeof KIND
  metadata: {
    namespace?: string
    name: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
  }
  spec: Pick<InstanceSpec, 'organization'> &
    Partial<Omit<InstanceSpec, 'organization' | 'pairing' | 'failover'>> & {
      pairing?: Partial<InstancePairing>
      failover?: Partial<SessionFailover>
    }
}
