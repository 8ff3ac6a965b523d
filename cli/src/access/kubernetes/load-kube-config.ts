import { WarrenError } from '@warren/contracts'
import { createKubeApi, type KubeApi } from './kube-api.ts'

/** As kubectl's flags of the same names. */
export type KubeOptions = {
  readonly kubeconfig?: string | undefined
  readonly context?: string | undefined
  readonly namespace?: string | undefined
}

const NOTHING_FOUND = 'http://localhost:8080'

/**
 * Reads `--kubeconfig`, `KUBECONFIG`, `~/.kube/config`, or the service account of the pod it runs in.
 * @throws WarrenError `validation_failed` for a file or context that is not there
 */
export async function loadKubeApi({ kubeconfig, context, namespace }: KubeOptions): Promise<KubeApi> {
  // Large; REST does not need it.
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  try {
    if (kubeconfig === undefined) config.loadFromDefault()
    else config.loadFromFile(kubeconfig)
  } catch (cause) {
    throw new WarrenError('validation_failed', `The kubeconfig cannot be read: ${(cause as Error).message}`, {
      cause,
    })
  }
  if (context !== undefined) {
    if (!config.getContextObject(context)) {
      const names = config.getContexts().map(({ name }) => name)
      throw new WarrenError(
        'validation_failed',
        `The kubeconfig has no context ${context}. It has: ${names.join(', ') || 'none'}.`,
      )
    }
    config.setCurrentContext(context)
  }
  const current = config.getContextObject(config.getCurrentContext())
  // What the library makes up where it finds nothing.
  if (config.getCurrentCluster()?.server === NOTHING_FOUND)
    throw new WarrenError(
      'validation_failed',
      'There is no kubeconfig: neither --kubeconfig, nor KUBECONFIG, nor ~/.kube/config.',
    )
  return createKubeApi(config, namespace ?? current?.namespace ?? 'default')
}
