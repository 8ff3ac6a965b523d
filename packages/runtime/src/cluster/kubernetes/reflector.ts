/**
 * Keeps a copy of a collection: lists it, then follows a watch. Written here because the client library's informers stop for good at a
 * failed list, know no bookmarks and take a re-created object for a changed one (docs/adr/0011-own-reflector.md).
 *
 * A watch that ends in order is resumed where it was. Everything else, a silence included, leads to a new list after a pause: nothing can be
 * missed then, whatever went wrong.
 */
import type { Clock } from '../../clock/index.ts'
import type { Logger } from '../../logger/index.ts'
import type { KubernetesList, KubernetesObject, WatchEvent } from './api.ts'
import { isExpired, type Status, StatusError } from './errors.ts'

/** Where objects come from: one resource, one selection. */
export type Source<T> = {
  list(page: { limit: number; continueToken: string | undefined }): Promise<KubernetesList<T>>
  watch(
    from: { resourceVersion: string; timeoutSeconds: number },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>
}

/** Where they go. Must not throw. */
export type Sink<T> = {
  /** Called before the first page is asked for; what it returns comes back with {@link replace}. */
  listing(): number
  /** All objects that existed at one moment after `listing` had been called. */
  replace(objects: readonly T[], listing: number): void
  put(object: T): void
  remove(object: T): void
}

/** Why a watch ended. `closed` is in order. */
export type WatchEnd = 'closed' | 'expired' | 'silent' | 'error'

export type ReflectorObserver = {
  listed(): void
  watchEnded(why: WatchEnd): void
}

export type Reflector = {
  start(): void
  stop(): Promise<void>
  /** Resolves when the first list is in the sink. */
  readonly synced: Promise<void>
  /** Seconds since the server last said anything. */
  silentSeconds(): number
  /** What only a restart can mend; undefined when well. That the server is away is not such a thing. */
  problem(): string | undefined
}

const PAGE = 500
/** Bookmarks come about once a minute. */
const SILENCE_MS = 90_000
const WATCH_SECONDS = { from: 300, to: 600 }
const PAUSE_MS = { first: 800, longest: 30_000 }
/** A watch that closed sooner and told nothing was no use: without a pause, that would be a storm. */
const USEFUL_MS = 5_000
/** Every step has its own, shorter limit. */
const STUCK_MS = 300_000

export function createReflector<T extends KubernetesObject>(deps: {
  /** For logs, e.g. `pods`. */
  readonly name: string
  readonly source: Source<T>
  readonly sink: Sink<T>
  /** Makes objects smaller before they are kept. */
  readonly transform?: (object: T) => T
  readonly clock: Clock
  /** 0 to 1. */
  readonly random: () => number
  readonly logger: Logger
  readonly observer?: ReflectorObserver
}): Reflector {
  const { name, source, sink, clock, random, observer, transform = (object: T) => object } = deps
  const logger = deps.logger.child({ reflector: name })
  const stopping = new AbortController()
  const synced = Promise.withResolvers<void>()
  let running: Promise<void> = Promise.resolve()
  let movedMs = clock.monotonicMs()
  let heardMs = movedMs
  let failures = 0

  const heard = () => {
    heardMs = movedMs = clock.monotonicMs()
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await follow(await list())
      } catch (error) {
        if (stopping.signal.aborted) return
        const pauseMs = random() * Math.min(PAUSE_MS.first * 2 ** failures++, PAUSE_MS.longest)
        logger.warn('listing again', { pauseMs: Math.round(pauseMs), failures, error })
        movedMs = clock.monotonicMs()
        await clock.sleep(pauseMs, stopping.signal).catch(() => {})
      }
    }
  }

  /** Returns the version from which to watch. */
  async function list(): Promise<string> {
    const listing = sink.listing()
    const objects: T[] = []
    let continueToken: string | undefined
    for (;;) {
      const page = await source.list({ limit: PAGE, continueToken })
      heard()
      for (const object of page.items) objects.push(transform(object))
      continueToken = page.metadata.continue || undefined
      if (continueToken) continue
      if (stopping.signal.aborted) throw stopping.signal.reason
      sink.replace(objects, listing)
      observer?.listed()
      synced.resolve()
      logger.debug('listed', { objects: objects.length })
      return page.metadata.resourceVersion
    }
  }

  /** Watches, again and again, for as long as each watch ends in order. */
  async function follow(listedVersion: string): Promise<never> {
    let resourceVersion = listedVersion
    for (;;) {
      const before = resourceVersion
      const livedMs = await watchOnce(resourceVersion, (version) => {
        resourceVersion = version
      })
      if (livedMs < USEFUL_MS && resourceVersion === before) throw new Error('the watch was closed at once')
    }
  }

  /** Returns how long it lived. */
  async function watchOnce(resourceVersion: string, advanced: (version: string) => void): Promise<number> {
    const startedMs = clock.monotonicMs()
    const livedMs = () => clock.monotonicMs() - startedMs
    const abort = new AbortController()
    const onStop = () => abort.abort(stopping.signal.reason)
    stopping.signal.addEventListener('abort', onStop)
    if (stopping.signal.aborted) onStop()
    const silence = new Error(`the watch was silent for ${SILENCE_MS / 1_000} s`)
    let timer = clock.setTimer(SILENCE_MS, () => abort.abort(silence))
    let why: WatchEnd = 'error'
    try {
      const { from, to } = WATCH_SECONDS
      const timeoutSeconds = Math.round(from + random() * (to - from))
      for await (const event of source.watch({ resourceVersion, timeoutSeconds }, abort.signal)) {
        heard()
        timer.stop()
        timer = clock.setTimer(SILENCE_MS, () => abort.abort(silence))
        if (event.type === 'ERROR') throw watchError(event.object)
        advanced(event.object.metadata.resourceVersion)
        if (event.type === 'DELETED') sink.remove(transform(event.object))
        else if (event.type !== 'BOOKMARK') sink.put(transform(event.object))
      }
      if (abort.signal.aborted) throw abort.signal.reason
      why = 'closed'
      return livedMs()
    } catch (error) {
      if (isExpired(error)) why = 'expired'
      else if (abort.signal.reason === silence) why = 'silent'
      throw abort.signal.aborted ? abort.signal.reason : error
    } finally {
      timer.stop()
      stopping.signal.removeEventListener('abort', onStop)
      abort.abort()
      if (livedMs() > USEFUL_MS) failures = 0
      if (!stopping.signal.aborted) observer?.watchEnded(why)
    }
  }

  return {
    start() {
      heard()
      running = run()
    },
    async stop() {
      stopping.abort(new Error('stopped'))
      await running
    },
    synced: synced.promise,
    silentSeconds: () => (clock.monotonicMs() - heardMs) / 1_000,
    problem() {
      if (stopping.signal.aborted || clock.monotonicMs() - movedMs < STUCK_MS) return undefined
      return `the reflector of ${name} has stood still for ${STUCK_MS / 60_000} minutes`
    },
  }
}

/** An event of type ERROR carries a Status, which is the answer that a new watch would have got. */
function watchError(object: unknown): Error {
  const status = (typeof object === 'object' && object !== null ? object : {}) as Status
  return new StatusError(status.code ?? 500, status)
}
