/** Applies instances, all at once or at a constant rate. */
import type { KubernetesClient } from '@warren/runtime/testing/kubernetes'
import { openLoop } from '../measures/open-loop.ts'
import { instancesPath, type Recorder } from './recorder.ts'

/** Requests under way in a burst: more only wait in the API server. */
const AT_A_TIME = 32
/** Instances of one organisation. */
const PER_ORGANIZATION = 20

export type Generator = {
  /** Applies so many as fast as the API server takes them; resolves with their names. */
  burst(count: number): Promise<string[]>
  atRate(load: { readonly count: number; readonly perSecond: number }): Promise<string[]>
}

export function createGenerator(client: KubernetesClient, namespace: string, recorder: Recorder): Generator {
  let made = 0

  async function apply(index: number): Promise<string> {
    const name = `i${String(index).padStart(5, '0')}`
    const organization = `org-${Math.floor(index / PER_ORGANIZATION)}`
    recorder.applied(name)
    await client.request('POST', instancesPath(namespace), {
      body: {
        apiVersion: 'warren.dev/v1alpha1',
        kind: 'WhatsAppInstance',
        metadata: { name },
        spec: { organization },
      },
    })
    return name
  }

  return {
    async burst(count) {
      const end = made + count
      const names: string[] = []
      await Promise.all(
        Array.from({ length: AT_A_TIME }, async () => {
          while (made < end) names.push(await apply(made++))
        }),
      )
      return names
    },
    async atRate(load) {
      const names: string[] = []
      await openLoop(load, async () => void names.push(await apply(made++)))
      return names
    },
  }
}
