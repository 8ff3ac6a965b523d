import { isWarrenError } from '@warren/contracts'
import type { Secret, SecretClient } from '../port.ts'
import type { KubernetesApi } from './api.ts'
import { SECRETS } from './resources.ts'

type Stored = { readonly metadata: Secret['metadata']; readonly data?: Readonly<Record<string, string>> }

/** Read one by one when they are needed, and kept nowhere. */
export function createSecrets(api: KubernetesApi): SecretClient {
  return {
    async get(key) {
      try {
        const { metadata, data = {} } = await api.get<Stored>(SECRETS, key)
        const { namespace, name, ownerReferences } = metadata
        return {
          metadata: { namespace, name, ...(ownerReferences ? { ownerReferences } : {}) },
          data: Object.fromEntries(
            Object.entries(data).map(([file, base64]) => [
              file,
              new Uint8Array(Buffer.from(base64, 'base64')),
            ]),
          ),
        }
      } catch (error) {
        if (isWarrenError(error, 'not_found')) return undefined
        throw error
      }
    },

    async create({ metadata, data }) {
      await api.create(SECRETS, metadata.namespace, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata,
        type: 'Opaque',
        data: encoded(data),
      })
    },

    async update(key, data) {
      // A patch would keep the files that are not named.
      const body = [{ op: 'add', path: '/data', value: encoded(data) }]
      await api.jsonPatch(SECRETS, key, body)
    },
  }
}

function encoded(data: Secret['data']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).map(([file, bytes]) => [file, Buffer.from(bytes).toString('base64')]),
  )
}
