import { isDeepStrictEqual } from 'node:util'
import { isWarrenError, type WhatsAppInstance } from '@warren/contracts'
import type { InstanceClient } from '../port.ts'
import { applyPatch } from '../store/apply-patch.ts'
import { pageOf, pageOfSorted } from '../store/page-of.ts'
import type { KubernetesApi } from './api.ts'
import type { Cache } from './cache.ts'
import { INSTANCES } from './resources.ts'
import { shrinkInstance } from './shrink.ts'
import { removedUid } from './write-answer.ts'

export type InstancesDeps = {
  readonly api: KubernetesApi
  readonly cache: Cache<WhatsAppInstance>
  /** Resolves when the cache may be read. */
  readonly ready: () => Promise<void>
}

/** Reads come from the cache, writes go to the API server and show in the cache at once. */
export function createInstances({ api, cache, ready }: InstancesDeps): InstanceClient {
  const namespaceOf = (namespace: string | undefined) => namespace ?? 'default'

  async function writing(
    key: { namespace: string; name: string },
    call: () => Promise<WhatsAppInstance>,
  ): Promise<WhatsAppInstance> {
    const write = cache.write(key)
    try {
      const stored = shrinkInstance(await call())
      const { deletionTimestamp, finalizers, uid } = stored.metadata
      if (deletionTimestamp && !finalizers?.length) write.removed(uid)
      else write.wrote(stored)
      return stored
    } finally {
      write.end()
    }
  }

  return {
    async get(key) {
      await ready()
      return cache.get(key)
    },

    async list(options = {}) {
      await ready()
      const { organization } = options
      if (organization !== undefined) return pageOf(cache.group(organization), options)
      return pageOfSorted(cache.keys(), cache.at, options)
    },

    async create(manifest) {
      const namespace = namespaceOf(manifest.metadata.namespace)
      const { name } = manifest.metadata
      const object = { ...manifest, metadata: { ...manifest.metadata, namespace } }
      try {
        return await writing({ namespace, name }, () => api.create(INSTANCES, namespace, object))
      } catch (error) {
        throw await inWords(error, async () => {
          const { admitChange, admitManifest } = await import('../admission/index.ts')
          admitChange({ ...object, spec: admitManifest(object).spec } as WhatsAppInstance)
        })
      }
    },

    async patch(key, patch, precondition) {
      const { spec, labels, annotations } = patch
      const body = {
        ...(spec ? { spec } : {}),
        ...(labels || annotations ? { metadata: { labels, annotations } } : {}),
      }
      try {
        return await writing(key, () => api.mergePatch(INSTANCES, key, body, precondition))
      } catch (error) {
        throw await inWords(error, async () => {
          const { admitChange } = await import('../admission/index.ts')
          const before = shrinkInstance(await api.get<WhatsAppInstance>(INSTANCES, key))
          const after = structuredClone(before)
          applyPatch(after, patch)
          admitChange(after, before)
        })
      }
    },

    async delete(key, precondition) {
      const write = cache.write(key)
      try {
        const answer = await api.delete(INSTANCES, key, precondition)
        const removed = removedUid(answer)
        if (removed) write.removed(removed)
        else write.wrote(shrinkInstance(answer as WhatsAppInstance))
      } finally {
        write.end()
      }
    },

    updateStatus: (key, status, precondition) =>
      writing(key, async () => {
        const part = { subresource: 'status' }
        const stored = await api.apply<WhatsAppInstance>(INSTANCES, key, { status }, precondition, part)
        if (isDeepStrictEqual(stored.status, JSON.parse(JSON.stringify(status)))) return stored
        // Somebody else wrote a field of it, which applying leaves to them. The status is the operator's alone.
        return api.replace<WhatsAppInstance>(INSTANCES, key, { ...stored, status }, part)
      }),

    setFinalizers: (key, finalizers, precondition) =>
      writing(key, () => api.mergePatch(INSTANCES, key, { metadata: { finalizers } }, precondition)),
  }
}

/** The server decides; where our own copy of its rules agrees, its words are the plainer ones. */
async function inWords(error: unknown, admit: () => Promise<void>): Promise<unknown> {
  if (!isWarrenError(error, 'validation_failed')) return error
  try {
    await admit()
  } catch (ours) {
    if (isWarrenError(ours, 'validation_failed')) return ours
  }
  return error
}
