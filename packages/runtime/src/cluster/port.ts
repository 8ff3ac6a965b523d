/**
 * The cluster as Warren needs it, shaped like Kubernetes: resources with metadata, optimistic concurrency, a status that is written
 * apart from the spec, finalizers, and watches that tell *that* something changed and never what. The operator and the API use this
 * and nothing else, so one machine without Kubernetes is one more adapter.
 *
 * What is read may be older than what was written: it comes from a cache that a watch keeps. What is returned is frozen; change a copy.
 */
import type {
  InstanceManifest,
  InstanceSpec,
  InstanceStatus,
  OwnerReference,
  ResourceKey,
  WhatsAppInstance,
} from '@warren/contracts'
import type { SessionPod, SessionPodManifest } from './pod.ts'

/** What can be watched. */
export type WatchedKind = 'instances' | 'pods'

/** A running watch. */
export type ClusterWatch = {
  /** Resolves once every object that existed at the start was told and the cache holds it. */
  readonly synced: Promise<void>
  stop(): void
}

export type Cluster = {
  readonly instances: InstanceClient
  readonly pods: PodClient
  readonly secrets: SecretClient
  readonly namespaces: NamespaceClient
  readonly nodes: NodeClient
  readonly events: EventRecorder
  /**
   * Calls `onKey` for each object that exists (`initial`), and again whenever one was added, changed or removed; several changes may be
   * told as one, and one may be told twice. Level-triggered: look the key up to learn what is.
   */
  watch(kind: WatchedKind, onKey: (key: ResourceKey, initial: boolean) => void): ClusterWatch
}

export type ListOptions = {
  readonly namespace?: string
  /** Only objects with all of these labels. */
  readonly labels?: Readonly<Record<string, string>>
  /** 1 or more; without it everything is returned. */
  readonly limit?: number
  /** From the page before. Opaque. */
  readonly continueToken?: string
}

/** Ordered by namespace and name. `continueToken` is there when more follows. */
export type Page<T> = { readonly items: readonly T[]; readonly continueToken?: string }

/**
 * A guard of a write: it fails with `conflict` when the object is not the one that was read. Without `resourceVersion` the last writer wins.
 */
export type Precondition = { readonly resourceVersion?: string; readonly uid?: string }

/** JSON merge patch (RFC 7396): null removes a field, absent fields stay, a list is replaced as a whole. */
export type MergePatch<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: MergePatch<T[K]> | null }
    : T

export type SpecPatch = MergePatch<InstanceSpec>

/** What others than the operator may change of an instance. Annotations and labels are merged; null removes one. */
export type InstancePatch = {
  readonly spec?: SpecPatch
  readonly annotations?: Readonly<Record<string, string | null>>
  readonly labels?: Readonly<Record<string, string | null>>
}

/**
 * All writes throw `not_found`, `conflict` (the precondition) and `validation_failed` (schema or CEL rule; `details.fields` names the
 * fields as `spec.pairing.phoneNumber`), and return what is stored then.
 */
export type InstanceClient = {
  get(key: ResourceKey): Promise<WhatsAppInstance | undefined>
  /** `organization` compares with `spec.organization`. */
  list(options?: ListOptions & { readonly organization?: string }): Promise<Page<WhatsAppInstance>>
  /**
   * Fills in the defaults, validates and stores. The namespace is `default` where none is given.
   * @throws WarrenError `already_exists`, `validation_failed`
   */
  create(manifest: InstanceManifest): Promise<WhatsAppInstance>
  /** Raises `generation` when the spec differs afterwards; a patch that changes nothing writes nothing. */
  patch(key: ResourceKey, patch: InstancePatch, precondition?: Precondition): Promise<WhatsAppInstance>
  /**
   * Marks it with `deletionTimestamp` while finalizers are left, else removes it. Its pods and secrets (by ownerReference) go when it
   * is gone.
   */
  delete(key: ResourceKey, precondition?: Precondition): Promise<void>
  /** For the operator alone. Replaces the status; spec and metadata cannot be changed with it, `generation` stays. */
  updateStatus(
    key: ResourceKey,
    status: InstanceStatus,
    precondition: Precondition & { readonly resourceVersion: string },
  ): Promise<WhatsAppInstance>
  /** For the operator alone. Removing the last one of an instance that is being deleted removes the instance. */
  setFinalizers(
    key: ResourceKey,
    finalizers: readonly string[],
    precondition: Precondition & { readonly resourceVersion: string },
  ): Promise<WhatsAppInstance>
}

export type PodClient = {
  get(key: ResourceKey): Promise<SessionPod | undefined>
  list(options?: ListOptions): Promise<Page<SessionPod>>
  /**
   * @throws WarrenError `already_exists`, also while one of that name is still terminating; `forbidden` by a quota, a policy, or because
   * the namespace ends; `validation_failed`
   */
  create(pod: SessionPodManifest): Promise<SessionPod>
  /**
   * Asks the pod to end within its grace period; it is gone when its process is. `deletionTimestamp` is the end of that period. Repeating
   * it changes nothing.
   * @throws WarrenError `not_found`, `conflict`
   */
  delete(key: ResourceKey, precondition?: Precondition): Promise<void>
}

/** A secret; names of `data` are file names where it is mounted. */
export type Secret = {
  readonly metadata: ResourceKey & { readonly ownerReferences?: readonly OwnerReference[] }
  readonly data: Readonly<Record<string, Uint8Array>>
}

/** Secrets are never cached and never listed. */
export type SecretClient = {
  get(key: ResourceKey): Promise<Secret | undefined>
  /** @throws WarrenError `already_exists` */
  create(secret: Secret): Promise<void>
  /**
   * Makes `data` what it says, as a whole; the metadata stays. Pods that run see the new files after a while.
   * @throws WarrenError `not_found`
   */
  update(key: ResourceKey, data: Secret['data']): Promise<void>
}

export type NamespaceClient = {
  /** The label `warren.dev/organization` of a namespace; undefined when it has none. From a cache. */
  organizationOf(namespace: string): Promise<string | undefined>
}

export type NodeClient = {
  /**
   * Since when a node has not been heard of, as an ISO time; the time of the question's first answer when it does not exist any more.
   * Undefined when it is well, and when nodes may not be read. From a cache.
   */
  unreachableSince(node: string): Promise<string | undefined>
}

/** What `kubectl describe` shows. For transitions only, never for a steady state. */
export type ClusterEvent = {
  readonly type: 'Normal' | 'Warning'
  /** CamelCase, for machines, e.g. `PodCreated`. */
  readonly reason: string
  /** A sentence for people, without secrets. */
  readonly note: string
}

export type EventRecorder = {
  /** Never throws and never waits: an event that cannot be stored is dropped. */
  record(about: WhatsAppInstance, event: ClusterEvent): void
}
