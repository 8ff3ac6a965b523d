import type { TestCluster } from '../../testing/kubernetes/index.ts'

type Pod = {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly deletionTimestamp?: string
  }
  readonly spec: { readonly nodeName?: string; readonly containers: readonly { readonly name: string }[] }
  readonly status: { readonly phase: string }
}

/** Scheduler and kubelet without processes: pods run at once, and are gone as soon as they are told to end. */
export function playNode({ client }: TestCluster) {
  const stopping = new AbortController()
  const served: Promise<void>[] = []

  async function play({ metadata, spec, status }: Pod): Promise<void> {
    const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`
    if (metadata.deletionTimestamp)
      await client.request('DELETE', path, {
        body: { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0 },
      })
    else if (!spec.nodeName)
      await client.request('POST', `${path}/binding`, {
        body: {
          apiVersion: 'v1',
          kind: 'Binding',
          metadata: { name: metadata.name },
          target: { kind: 'Node', name: 'played' },
        },
      })
    else if (status.phase === 'Pending') {
      const state = { running: { startedAt: new Date().toISOString() } }
      const containerStatuses = spec.containers.map(({ name }) => ({
        name,
        state,
        ready: true,
        restartCount: 0,
        image: 'x',
        imageID: 'x',
      }))
      await client.request('PATCH', `${path}/status`, {
        body: { status: { phase: 'Running', containerStatuses } },
      })
    }
  }

  return {
    serve(namespace: string): void {
      const path = `/api/v1/namespaces/${namespace}/pods`
      // What a pod lost a race with is told by its next event.
      const watch = client.watch<Pod>(
        path,
        ({ type, object }) => {
          if (type !== 'DELETED') void play(object).catch(() => {})
        },
        stopping.signal,
      )
      served.push(watch)
    },
    async stop(): Promise<void> {
      stopping.abort()
      await Promise.all(served)
    },
  }
}
