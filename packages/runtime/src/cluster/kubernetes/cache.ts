/**
 * What the reflectors have seen, together with what this process has written since: a read after a write shows the write, although
 * the watch has not told of it yet.
 *
 * Versions are opaque, so it cannot be seen from two of them which is newer. What is used instead: a watch tells all changes of an object in
 * order, so the event of our write, known by uid and version, divides what it replaced from what came after. Until that event (or a list
 * that was begun after the write) the answer of the write stands in front of whatever the watch tells.
 */
import type { ResourceKey } from '@warren/contracts'
import type { Clock, Timer } from '../../clock/index.ts'
import { deepFreeze } from '../store/deep-freeze.ts'
import { storeKey } from '../store/watch-hub.ts'
import type { KubernetesObject } from './api.ts'

export type Cached = KubernetesObject & { readonly metadata: ResourceKey }

/** One write under way. */
export type Write<T> = {
  /** The server's answer: the object as stored. */
  wrote(object: T): void
  /** The server removed the object with this uid. */
  removed(uid: string): void
  /** Always called last. */
  end(): void
}

export type Cache<T extends Cached> = {
  get(key: ResourceKey): T | undefined
  /** Keys of all objects, in order. */
  keys(): readonly string[]
  at(key: string): T | undefined
  /** Objects that `groupOf` puts into a group, in no order. */
  group(name: string): Iterable<T>
  /** Before the request is sent. */
  write(key: ResourceKey): Write<T>
  listing(): number
  /** @param namespace what the list was about; everything unless told */
  replace(objects: readonly T[], listing: number, namespace?: string): void
  put(object: T): void
  remove(object: T): void
}

/** Our write, which the watch has not told of yet. */
type Ahead<T> = {
  readonly uid: string
  /** Undefined: removed. */
  readonly version: string | undefined
  /** Which write it was, counted. */
  readonly number: number
  /** What the watch told meanwhile. */
  told: T | undefined
  expiry?: Timer
}

/** Writes of one key whose answers have not come yet. */
type UnderWay = {
  writes: number
  /** Versions that were told meanwhile. */
  readonly versions: Set<string>
  /** Whether a list came meanwhile: it may have seen the writes, and then nothing else tells of them. */
  listed: boolean
}

/** A list that overlapped with a write may or may not have seen it; the event that would tell may have been before. */
const DOUBT_MS = 10_000

export function createCache<T extends Cached>(deps: {
  readonly clock: Clock
  /** Called for each change of what {@link Cache.get} returns. */
  readonly onChange: (key: ResourceKey) => void
  /** A second way to find objects. */
  readonly groupOf?: (object: T) => string
  /**
   * Whether two versions of an object are the same to whoever reads it; the older one is kept then. Only for objects that this process never
   * writes. Every version is a change unless told.
   */
  readonly alike?: (a: T, b: T) => boolean
}): Cache<T> {
  const { clock, onChange, groupOf, alike } = deps
  const objects = new Map<string, T>()
  const groups = new Map<string, Set<T>>()
  const ahead = new Map<string, Ahead<T>>()
  const underWay = new Map<string, UnderWay>()
  let sorted: string[] | undefined
  let writes = 0

  function show(key: string, next: T | undefined): void {
    const before = objects.get(key)
    if (same(before, next)) return
    if (before && next && before.metadata.uid === next.metadata.uid && alike?.(before, next)) return
    if (before && groupOf) leave(groupOf(before), before)
    if (next) {
      objects.set(key, next)
      if (groupOf) enter(groupOf(next), next)
    } else objects.delete(key)
    if (!before || !next) sorted = undefined
    const { namespace, name } = (next ?? before)?.metadata ?? { namespace: '', name: '' }
    onChange({ namespace, name })
  }

  function enter(name: string, object: T): void {
    const group = groups.get(name)
    if (group) group.add(object)
    else groups.set(name, new Set([object]))
  }

  function leave(name: string, object: T): void {
    const group = groups.get(name)
    group?.delete(object)
    if (group?.size === 0) groups.delete(name)
  }

  function settle(key: string, told: T | undefined): void {
    ahead.get(key)?.expiry?.stop()
    ahead.delete(key)
    show(key, told)
  }

  function told(key: string, object: T): void {
    underWay.get(key)?.versions.add(versionOf(object))
    const own = ahead.get(key)
    if (!own) show(key, object)
    else if (own.uid === object.metadata.uid && own.version === object.metadata.resourceVersion)
      settle(key, object)
    else own.told = object
  }

  function gone(key: string, uid: string): void {
    underWay.get(key)?.versions.add(`${uid} removed`)
    const own = ahead.get(key)
    // Nothing comes after the end of a uid.
    if (own?.uid === uid) settle(key, undefined)
    else if (own) own.told = undefined
    else show(key, undefined)
  }

  /** The write has taken effect: it stands in front until the watch has told of it, unless it has already. */
  function wrote(key: string, uid: string, object: T | undefined): void {
    const { versions, listed } = underWay.get(key) ?? {}
    const seen = object ? versionOf(object) : `${uid} removed`
    if (versions?.has(seen) || versions?.has(`${uid} removed`)) return
    const known = ahead.get(key)
    const told = known ? known.told : objects.get(key)
    if (!object && !known && (!told || (listed && told.metadata.uid !== uid))) return
    known?.expiry?.stop()
    const version = object?.metadata.resourceVersion
    const own: Ahead<T> = { uid, version, number: ++writes, told }
    ahead.set(key, own)
    if (listed) doubt(key, own)
    show(key, object)
  }

  /** What a list says of a key that we wrote ourselves. */
  function compare(key: string, own: Ahead<T>, listed: T | undefined, listing: number): void {
    const sameUid = listed?.metadata.uid === own.uid
    const confirmed =
      own.number <= listing ||
      (own.version === undefined ? !sameUid : sameUid && versionIs(listed, own.version))
    if (confirmed) {
      settle(key, listed)
      return
    }
    own.told = listed
    doubt(key, own)
  }

  /** The end of a uid is told for certain; of anything else the news may have been before the list. */
  function doubt(key: string, own: Ahead<T>): void {
    if (own.version !== undefined) own.expiry ??= clock.setTimer(DOUBT_MS, () => settle(key, own.told))
  }

  return {
    get: (key) => objects.get(storeKey(key)),
    at: (key) => objects.get(key),
    keys() {
      sorted ??= [...objects.keys()].sort()
      return sorted
    },
    group: (name) => groups.get(name) ?? [],
    write(resource) {
      const key = storeKey(resource)
      const own = underWay.get(key) ?? { writes: 0, versions: new Set(), listed: false }
      own.writes += 1
      const before = ahead.get(key)?.told ?? objects.get(key)
      if (before) own.versions.add(versionOf(before))
      underWay.set(key, own)
      return {
        wrote: (object) => wrote(key, object.metadata.uid, deepFreeze(object)),
        removed: (uid) => wrote(key, uid, undefined),
        end() {
          own.writes -= 1
          if (own.writes === 0) underWay.delete(key)
        },
      }
    },
    listing: () => writes,
    replace(list, listing, namespace) {
      const inScope = (key: string) => namespace === undefined || key.startsWith(`${namespace}/`)
      const missing = (key: string) => !present.has(key) && inScope(key)
      const present = new Set<string>()
      for (const [key, own] of underWay) if (inScope(key)) own.listed = true
      for (const object of list) {
        const key = storeKey(object.metadata)
        present.add(key)
        underWay.get(key)?.versions.add(versionOf(object))
        const own = ahead.get(key)
        if (own) compare(key, own, deepFreeze(object), listing)
        else show(key, deepFreeze(object))
      }
      for (const [key, own] of ahead) if (missing(key)) compare(key, own, undefined, listing)
      for (const key of objects.keys()) if (missing(key) && !ahead.has(key)) show(key, undefined)
    },
    put: (object) => told(storeKey(object.metadata), deepFreeze(object)),
    remove: (object) => gone(storeKey(object.metadata), object.metadata.uid),
  }
}

const versionOf = ({ metadata: { uid, resourceVersion } }: Cached) => `${uid} ${resourceVersion}`
const versionIs = (object: Cached | undefined, version: string) =>
  object?.metadata.resourceVersion === version

/** An object of the same uid and version is the same, however often it is told. */
function same(a: Cached | undefined, b: Cached | undefined): boolean {
  if (!a || !b) return a === b
  return versionOf(a) === versionOf(b)
}
