import { isDeepStrictEqual } from 'node:util'
import {
  API_VERSION,
  type InstanceManifest,
  type InstanceStatus,
  KIND,
  type ObjectMeta,
  type ResourceKey,
  WarrenError,
  type WhatsAppInstance,
} from '@warren/contracts'
import type { Clock } from '../../clock/index.ts'
import { admitChange, admitManifest } from '../admission/index.ts'
import type { InstanceClient, InstancePatch, Precondition } from '../port.ts'
import { applyPatch, textMaps } from './apply-patch.ts'
import { deepFreeze } from './deep-freeze.ts'
import { createKeyedMutex } from './keyed-mutex.ts'
import { pageOf } from './page-of.ts'
import { createWatchHub, storeKey } from './watch-hub.ts'

/** Where a store keeps what it holds; each call comes before the change is visible, and one at a time for a key. */
export type InstancePersistence = {
  /** The API's changes of the user's half. */
  userCreated(manifest: InstanceManifest, key: ResourceKey): Promise<void>
  userPatched(key: ResourceKey, patch: InstancePatch): Promise<void>
  userDeleted(key: ResourceKey): Promise<void>
  /** Every change of the object as a whole; undefined when it is gone. */
  stored(key: ResourceKey, instance: WhatsAppInstance | undefined): Promise<void>
}

export type InstanceStoreDeps = {
  readonly clock: Clock
  readonly newUid: () => string
  /** Without it everything is in memory only. */
  readonly persistence?: InstancePersistence
  /** Called after an instance is gone, for what it owned. */
  readonly onRemoved: (instance: WhatsAppInstance) => void
}

/** The API server's half for instances: admission, versions, generations, finalizers, deletion. */
export function createInstanceStore(deps: InstanceStoreDeps) {
  const objects = new Map<string, WhatsAppInstance>()
  const hub = createWatchHub(() => [...objects.values()].map((object) => object.metadata))
  const exclusive = createKeyedMutex()
  let version = 0

  const get = (key: ResourceKey) => objects.get(storeKey(key))

  function existing(key: ResourceKey, precondition: Precondition = {}): WhatsAppInstance {
    const object = get(key)
    if (!object) throw new WarrenError('not_found', `there is no instance ${storeKey(key)}`)
    const { resourceVersion, uid } = precondition
    if (
      (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion) ||
      (uid !== undefined && uid !== object.metadata.uid)
    )
      throw new WarrenError('conflict', `the instance ${storeKey(key)} was changed meanwhile; read it again`)
    return object
  }

  async function store(next: WhatsAppInstance): Promise<WhatsAppInstance> {
    const { namespace, name } = next.metadata
    next.metadata.resourceVersion = String(++version)
    deepFreeze(next)
    await deps.persistence?.stored({ namespace, name }, next)
    objects.set(storeKey(next.metadata), next)
    hub.changed({ namespace, name })
    return next
  }

  async function remove(object: WhatsAppInstance): Promise<void> {
    const { namespace, name } = object.metadata
    await deps.persistence?.stored({ namespace, name }, undefined)
    objects.delete(storeKey(object.metadata))
    deps.onRemoved(object)
    hub.changed({ namespace, name })
  }

  function fresh(manifest: unknown): WhatsAppInstance {
    const { namespace, name, labels, annotations, spec } = admitManifest(manifest)
    const metadata: ObjectMeta = {
      namespace,
      name,
      uid: deps.newUid(),
      resourceVersion: '0',
      generation: 1,
      creationTimestamp: deps.clock.now().toISOString(),
      ...textMaps(labels, annotations),
    }
    return { apiVersion: API_VERSION, kind: KIND, metadata, spec }
  }

  /**
   * What `change` makes of a copy, admitted; the same object when nothing changed.
   * @throws WarrenError `validation_failed`
   */
  function changed(before: WhatsAppInstance, change: (draft: WhatsAppInstance) => void): WhatsAppInstance {
    const draft = structuredClone(before)
    change(draft)
    admitChange(draft, before)
    if (isDeepStrictEqual(draft, before)) return before
    if (!isDeepStrictEqual(draft.spec, before.spec)) draft.metadata.generation += 1
    return draft
  }

  async function update(before: WhatsAppInstance, change: (draft: WhatsAppInstance) => void) {
    const after = changed(before, change)
    return after === before ? before : store(after)
  }

  async function markDeleted(object: WhatsAppInstance): Promise<void> {
    if (!object.metadata.finalizers?.length) return remove(object)
    if (object.metadata.deletionTimestamp) return
    await update(object, (draft) => {
      draft.metadata.deletionTimestamp = deps.clock.now().toISOString()
    })
  }

  const client: InstanceClient = {
    get: async (key) => get(key),

    list: async (options = {}) =>
      pageOf(
        objects.values(),
        options,
        (object) => options.organization === undefined || object.spec.organization === options.organization,
      ),

    async create(manifest) {
      const object = fresh(manifest)
      const { namespace, name } = object.metadata
      return exclusive(storeKey(object.metadata), async () => {
        if (get(object.metadata))
          throw new WarrenError('already_exists', `an instance ${namespace}/${name} exists already`)
        admitChange(object)
        await deps.persistence?.userCreated(manifest, { namespace, name })
        return store(object)
      })
    },

    patch: (key, patch, precondition) =>
      exclusive(storeKey(key), async () => {
        const before = existing(key, precondition)
        const after = changed(before, (draft) => applyPatch(draft, patch))
        if (after === before) return before
        await deps.persistence?.userPatched(key, patch)
        return store(after)
      }),

    delete: (key, precondition) =>
      exclusive(storeKey(key), async () => {
        const object = existing(key, precondition)
        if (!object.metadata.deletionTimestamp) await deps.persistence?.userDeleted(key)
        await markDeleted(object)
      }),

    updateStatus: (key, status, precondition) =>
      exclusive(storeKey(key), async () => {
        return update(existing(key, precondition), (draft) => {
          draft.status = plain(status)
        })
      }),

    setFinalizers: (key, finalizers, precondition) =>
      exclusive(storeKey(key), async () => {
        const before = existing(key, precondition)
        if (before.metadata.deletionTimestamp && finalizers.length === 0) {
          await remove(before)
          return before
        }
        return update(before, (draft) => {
          if (finalizers.length > 0) draft.metadata.finalizers = [...finalizers]
          else delete draft.metadata.finalizers
        })
      }),
  }

  return {
    client,
    watch: hub.watch,
    /** Puts a stored object back at the start, as it is. */
    restore(object: WhatsAppInstance): void {
      version = Math.max(version, Number(object.metadata.resourceVersion) || 0)
      objects.set(storeKey(object.metadata), deepFreeze(object))
    },
    /**
     * `kubectl apply` of a whole manifest: creates, or makes spec, labels and annotations what it says. An object that is being deleted
     * is left alone.
     * @throws WarrenError `validation_failed`
     */
    async apply(manifest: unknown): Promise<void> {
      const object = fresh(manifest)
      await exclusive(storeKey(object.metadata), async () => {
        const before = get(object.metadata)
        if (before?.metadata.deletionTimestamp) return
        if (!before) {
          admitChange(object)
          await store(object)
          return
        }
        const { labels, annotations } = object.metadata
        await update(before, (draft) => {
          draft.spec = object.spec
          delete draft.metadata.labels
          delete draft.metadata.annotations
          Object.assign(draft.metadata, textMaps(labels, annotations))
        })
      })
    },
    /** `kubectl delete` by whoever removed it from where it was written. */
    async unapply(key: ResourceKey): Promise<void> {
      await exclusive(storeKey(key), async () => {
        const object = get(key)
        if (object) await markDeleted(object)
      })
    },
  }
}

export type InstanceStore = ReturnType<typeof createInstanceStore>

/** As JSON has it: fields that are undefined are not there. */
function plain(status: InstanceStatus): InstanceStatus {
  return JSON.parse(JSON.stringify(status)) as InstanceStatus
}
