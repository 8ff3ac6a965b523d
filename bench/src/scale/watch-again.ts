import { setTimeout as delay } from 'node:timers/promises'
import type { KubernetesClient, KubernetesObject } from '@warren/runtime/testing/kubernetes'

const PAUSE_MS = 100

/**
 * Hears of everything that there is and comes, until the signal is aborted: a watch without a version begins with all objects, so one
 * that the API server ended, or could not begin just then, is simply begun again.
 */
export async function watchAgain<T extends KubernetesObject>(
  client: KubernetesClient,
  path: string,
  onObject: (object: T) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await client.watch<T>(
        path,
        ({ type, object }) => {
          if (type === 'ADDED' || type === 'MODIFIED') onObject(object)
        },
        signal,
      )
    } catch {
      await delay(PAUSE_MS)
    }
  }
}
