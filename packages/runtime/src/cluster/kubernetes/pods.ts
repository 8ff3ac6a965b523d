import { isWarrenError } from '@warren/contracts'
import type { SessionPod } from '../pod.ts'
import type { PodClient } from '../port.ts'
import { pageOfSorted } from '../store/page-of.ts'
import type { KubernetesApi } from './api.ts'
import type { Cache } from './cache.ts'
import { PODS } from './resources.ts'
import { shrinkPod } from './shrink.ts'
import type { Strangers } from './strangers.ts'
import { removedUid } from './write-answer.ts'

export type PodsDeps = {
  readonly api: KubernetesApi
  readonly cache: Cache<SessionPod>
  readonly strangers: Strangers
  /** Resolves when the cache may be read. */
  readonly ready: () => Promise<void>
}

export function createPods({ api, cache, strangers, ready }: PodsDeps): PodClient {
  return {
    async get(key) {
      await ready()
      return cache.get(key) ?? strangers.get(key)
    },

    async list(options = {}) {
      await ready()
      return pageOfSorted(cache.keys(), cache.at, options)
    },

    async create(manifest) {
      const { namespace, name } = manifest.metadata
      const write = cache.write({ namespace, name })
      try {
        const object = { apiVersion: 'v1', kind: 'Pod', ...manifest }
        const stored = shrinkPod(await api.create<SessionPod>(PODS, namespace, object))
        write.wrote(stored)
        return stored
      } catch (error) {
        if (isWarrenError(error, 'already_exists') && !cache.get({ namespace, name }))
          await strangers.meet({ namespace, name })
        throw error
      } finally {
        write.end()
      }
    },

    async delete(key, precondition) {
      const write = cache.write(key)
      try {
        const answer = await api.delete(PODS, key, precondition)
        const removed = removedUid(answer)
        const { metadata } = answer as SessionPod & { metadata: { deletionGracePeriodSeconds?: number } }
        // Without a grace period the answer is what was there last.
        const gone = removed ?? (metadata.deletionGracePeriodSeconds === 0 ? metadata.uid : undefined)
        if (gone) write.removed(gone)
        else write.wrote(shrinkPod(answer as SessionPod))
      } finally {
        write.end()
      }
    },
  }
}
