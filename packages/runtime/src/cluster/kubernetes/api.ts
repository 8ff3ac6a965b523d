/** The REST calls of Kubernetes, typed, and nothing more. Every one has a deadline and throws errors of the table. */
import type { ResourceKey } from '@warren/contracts'
import type { Precondition } from '../port.ts'
import type { Http } from './http.ts'
import { pathOf, type Resource } from './resources.ts'

/** What every object has. Names of generated fields are the server's. */
export type KubernetesObject = {
  readonly metadata: {
    readonly namespace?: string
    readonly name: string
    readonly uid: string
    /** Opaque: two can be compared for equality, and for nothing else. */
    readonly resourceVersion: string
  }
}

export type KubernetesList<T> = {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string }
  readonly items: readonly T[]
}

export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: T }
  | { readonly type: 'ERROR'; readonly object: unknown }

export type Selection = {
  /** All namespaces without. */
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

type Part = { readonly subresource?: string }

export type KubernetesApi = {
  /** Without a namespace: an object of the whole cluster. */
  get<T>(resource: Resource, key: Pick<ResourceKey, 'name'> & { readonly namespace?: string }): Promise<T>
  list<T>(
    resource: Resource,
    selection: Selection & { limit?: number; continueToken?: string | undefined },
  ): Promise<KubernetesList<T>>
  /** Events until the server or the signal ends it. */
  watch<T>(
    resource: Resource,
    selection: Selection & { resourceVersion: string; timeoutSeconds: number },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>
  create<T>(resource: Resource, namespace: string, object: object): Promise<T>
  /** JSON merge patch. With a precondition it fails with `conflict` when the object is another. */
  mergePatch<T>(
    resource: Resource,
    key: ResourceKey,
    patch: object,
    precondition?: Precondition,
    part?: Part,
  ): Promise<T>
  /** RFC 6902. */
  jsonPatch<T>(resource: Resource, key: ResourceKey, operations: readonly object[]): Promise<T>
  /** Server-side apply: makes the fields named here what they are here, and removes those that we had named before. */
  apply<T>(
    resource: Resource,
    key: ResourceKey,
    fields: object,
    precondition?: Precondition,
    part?: Part,
  ): Promise<T>
  /** Puts a whole object in the place of what is there. */
  replace<T>(resource: Resource, key: ResourceKey, object: object, part?: Part): Promise<T>
  /** What the server answers: the object while it is still there, else a Status. */
  delete(resource: Resource, key: ResourceKey, precondition?: Precondition): Promise<unknown>
}

export function createKubernetesApi(http: Http, options: { readonly fieldManager: string }): KubernetesApi {
  const { fieldManager } = options
  // A misspelt field is an error and not nothing.
  const writing = { fieldManager, fieldValidation: 'Strict' }

  return {
    get: (resource, key) => http.call({ method: 'GET', path: pathOf(resource, key) }),

    list: (resource, { namespace, limit, continueToken, ...selectors }) =>
      http.call({
        method: 'GET',
        path: pathOf(resource, namespace === undefined ? {} : { namespace }),
        query: { ...selectors, limit, continue: continueToken },
      }),

    async *watch(resource, { namespace, ...query }, signal) {
      const response = await http.open({
        method: 'GET',
        path: pathOf(resource, namespace === undefined ? {} : { namespace }),
        query: { ...query, watch: true, allowWatchBookmarks: true },
        signal,
      })
      response.setEncoding('utf8')
      let rest = ''
      for await (const chunk of response) {
        const lines = (rest + chunk).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) if (line) yield JSON.parse(line)
      }
    },

    create: (resource, namespace, object) =>
      http.call({ method: 'POST', path: pathOf(resource, { namespace }), query: writing, body: object }),

    mergePatch: (resource, key, patch, precondition, part) =>
      http.call({
        method: 'PATCH',
        path: pathOf(resource, { ...key, ...part }),
        query: writing,
        contentType: 'application/merge-patch+json',
        body: guarded(patch, precondition),
      }),

    jsonPatch: (resource, key, operations) =>
      http.call({
        method: 'PATCH',
        path: pathOf(resource, key),
        query: writing,
        contentType: 'application/json-patch+json',
        body: operations,
      }),

    apply: ({ apiVersion, kind, ...rest }, key, fields, precondition, part) =>
      http.call({
        method: 'PATCH',
        path: pathOf({ apiVersion, kind, ...rest }, { ...key, ...part }),
        query: { ...writing, force: true },
        contentType: 'application/apply-patch+yaml',
        body: guarded({ apiVersion, kind, ...fields }, { ...precondition }, key),
      }),

    replace: (resource, key, object, part) =>
      http.call({ method: 'PUT', path: pathOf(resource, { ...key, ...part }), query: writing, body: object }),

    delete: (resource, key, precondition) =>
      http.call({
        method: 'DELETE',
        path: pathOf(resource, key),
        body: {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          propagationPolicy: 'Background',
          ...(precondition ? { preconditions: only(precondition) } : {}),
        },
      }),
  }
}

/** The precondition as part of the body: the server refuses a patch whose version or uid is not the stored one. */
function guarded(body: object, precondition: Precondition = {}, key: object = {}): object {
  const { metadata, ...rest } = body as { metadata?: object }
  const merged = { ...metadata, ...key, ...only(precondition) }
  return Object.keys(merged).length > 0 ? { ...rest, metadata: merged } : rest
}

function only({ uid, resourceVersion }: Precondition): Precondition {
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  }
}
