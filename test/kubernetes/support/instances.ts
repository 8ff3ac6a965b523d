/** The instances of one namespace and what belongs to them, as anyone with a client of Kubernetes sees them. */
import type { Condition, WhatsAppInstance } from '@warren/contracts'
import { until } from '@warren/runtime/testing'
import {
  type KubernetesClient,
  KubernetesError,
  type KubernetesObject,
} from '@warren/runtime/testing/kubernetes'

export type Pod = KubernetesObject & {
  spec: { nodeName?: string; containers: { env?: { name: string; value?: string }[] }[] }
  status: { phase: string; podIP?: string }
}

type Items<T> = { readonly items: T[] }

export type Instances = ReturnType<typeof instancesIn>

/** For everything that has to get through several processes on a busy machine. */
export const PATIENCE = { timeoutMs: 60_000, everyMs: 50 } as const

export const manifestOf = (name: string, spec: object = {}) => ({
  apiVersion: 'warren.dev/v1alpha1',
  kind: 'WhatsAppInstance',
  metadata: { name },
  spec: { organization: 'acme', ...spec },
})

export function instancesIn(client: KubernetesClient, namespace: string) {
  const resources = `/apis/warren.dev/v1alpha1/namespaces/${namespace}/whatsappinstances`
  const core = `/api/v1/namespaces/${namespace}`
  const get = (name: string) => client.request<WhatsAppInstance>('GET', `${resources}/${name}`)
  const condition = async (name: string, type: Condition['type']) =>
    (await get(name)).status?.conditions?.find((one) => one.type === type)
  const pods = async () => (await client.request<Items<Pod>>('GET', `${core}/pods`)).items

  return {
    namespace,
    get,
    condition,
    pods,
    create: (name: string, spec?: object) =>
      client.request<WhatsAppInstance>('POST', resources, { body: manifestOf(name, spec) }),
    patch: (name: string, body: object) =>
      client.request<WhatsAppInstance>('PATCH', `${resources}/${name}`, { body }),
    remove: (name: string) => client.request('DELETE', `${resources}/${name}`),
    list: async () => (await client.request<Items<WhatsAppInstance>>('GET', resources)).items,
    pod: (name: string) => client.request<Pod>('GET', `${core}/pods/${name}`),
    removePod: (name: string) => client.request('DELETE', `${core}/pods/${name}`),
    events: async () =>
      (
        await client.request<Items<{ reason: string; note: string; regarding: { name: string } }>>(
          'GET',
          `/apis/events.k8s.io/v1/namespaces/${namespace}/events`,
        )
      ).items,
    /** Waits for a pod of a name; another one than that of the uid. */
    untilPod: (name: string, notUid?: string) =>
      until(
        async () => {
          const pod = await client.request<Pod>('GET', `${core}/pods/${name}`)
          return pod.metadata.uid !== notUid && !pod.metadata.deletionTimestamp ? pod : undefined
        },
        { ...PATIENCE, describe: `the pod ${name}` },
      ),
    untilCondition: (name: string, type: Condition['type'], reason: string) =>
      until(async () => (await condition(name, type))?.reason === reason, {
        ...PATIENCE,
        describe: `${name} to be ${type} with ${reason}`,
      }),
    /** Waits until there is no object of this kind and name. */
    untilGone: (kind: 'whatsappinstances' | 'pods' | 'secrets', name: string) => {
      const path = kind === 'whatsappinstances' ? `${resources}/${name}` : `${core}/${kind}/${name}`
      return until(() => isMissing(client, path), { ...PATIENCE, describe: `the end of ${kind} ${name}` })
    },
  }
}

async function isMissing(client: KubernetesClient, path: string): Promise<boolean> {
  try {
    await client.request('GET', path)
    return false
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 404) return true
    throw error
  }
}
