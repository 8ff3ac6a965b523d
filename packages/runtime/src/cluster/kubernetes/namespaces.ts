import { isWarrenError, ORGANIZATION_LABEL } from '@warren/contracts'
import type { Clock, Timer } from '../../clock/index.ts'
import type { Logger } from '../../logger/index.ts'
import type { NamespaceClient } from '../port.ts'
import type { Cache, Cached } from './cache.ts'

/** What is kept of a namespace. It has none itself; the cache's keys have an empty one. */
export type Namespace = Cached & { readonly metadata: { readonly labels?: Readonly<Record<string, string>> } }

export function shrinkNamespace({ metadata }: Namespace): Namespace {
  const { name, uid, resourceVersion, labels } = metadata
  const organization = labels?.[ORGANIZATION_LABEL]
  return {
    metadata: {
      namespace: '',
      name,
      uid,
      resourceVersion,
      ...(organization === undefined ? {} : { labels: { [ORGANIZATION_LABEL]: organization } }),
    },
  }
}

/** Other labels, annotations and finalizers come and go, and concern no instance. */
export const isSameNamespace = (a: Namespace, b: Namespace) => organizationIn(a) === organizationIn(b)

const organizationIn = (namespace: Namespace | undefined) => namespace?.metadata.labels?.[ORGANIZATION_LABEL]

/** Where all namespaces are watched. */
export function watchedNamespaces(cache: Cache<Namespace>, ready: () => Promise<void>): NamespaceClient {
  return {
    async organizationOf(name) {
      await ready()
      return organizationIn(cache.get({ namespace: '', name }))
    },
  }
}

const LOOK_AGAIN_MS = 30_000

/**
 * Where the rights end at some namespaces: those are looked at now and then, since they cannot be watched one by one. A namespace that may not
 * be read counts as one without a label.
 */
export function polledNamespaces(deps: {
  readonly names: readonly string[]
  readonly look: (name: string) => Promise<Namespace>
  readonly onChange: (name: string) => void
  readonly clock: Clock
  readonly logger: Logger
}): NamespaceClient & { start(): void; stop(): void } {
  const known = new Map<string, Promise<string | undefined>>()
  let timer: Timer | undefined

  async function look(name: string): Promise<string | undefined> {
    try {
      return organizationIn(await deps.look(name))
    } catch (error) {
      if (isWarrenError(error, 'not_found')) return undefined
      if (!isWarrenError(error, 'forbidden')) throw error
      deps.logger.debug('the namespace may not be read', { namespace: name })
      return undefined
    }
  }

  async function lookAgain(): Promise<void> {
    for (const name of deps.names) {
      const before = await known.get(name)?.catch(() => undefined)
      const answer = await look(name).then(
        (organization) => ({ organization }),
        () => undefined,
      )
      if (!answer) continue
      known.set(name, Promise.resolve(answer.organization))
      if (answer.organization !== before) deps.onChange(name)
    }
  }

  return {
    organizationOf(name) {
      const answer = known.get(name) ?? look(name)
      known.set(name, answer)
      answer.catch(() => known.delete(name))
      return answer
    },
    start() {
      timer = deps.clock.setInterval(LOOK_AGAIN_MS, () => void lookAgain())
    },
    stop: () => timer?.stop(),
  }
}
