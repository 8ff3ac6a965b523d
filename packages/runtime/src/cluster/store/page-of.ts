import type { ObjectMeta } from '@warren/contracts'
import type { ListOptions, Page } from '../port.ts'
import { storeKey } from './watch-hub.ts'

type Listed = { readonly metadata: ObjectMeta }

/** One page of what matches, in order of namespace and name. The token is the last key that was given out. */
export function pageOf<T extends Listed>(
  objects: Iterable<T>,
  options: ListOptions,
  matches: (object: T) => boolean = () => true,
): Page<T> {
  const byKey = new Map<string, T>()
  for (const object of objects) if (matches(object)) byKey.set(storeKey(object.metadata), object)
  return pageOfSorted([...byKey.keys()].sort(), (key) => byKey.get(key), options)
}

/** The same over keys that are in order already: what comes before the page costs nothing. */
export function pageOfSorted<T extends Listed>(
  keys: readonly string[],
  at: (key: string) => T | undefined,
  options: ListOptions,
): Page<T> {
  const { namespace, labels = {}, continueToken, limit = Number.POSITIVE_INFINITY } = options
  const items: T[] = []
  for (let index = firstAfter(keys, continueToken); index < keys.length; index++) {
    const object = at(keys[index] ?? '')
    if (!object || (namespace !== undefined && object.metadata.namespace !== namespace)) continue
    if (!hasLabels(object.metadata, labels)) continue
    const last = items.at(-1)
    if (items.length === limit && last) return { items, continueToken: storeKey(last.metadata) }
    items.push(object)
  }
  return { items }
}

/** Where the keys above a token begin. */
function firstAfter(keys: readonly string[], token: string | undefined): number {
  if (token === undefined) return 0
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((keys[middle] ?? '') > token) high = middle
    else low = middle + 1
  }
  return low
}

/** Whether all of the wanted labels are there. */
export function hasLabels(metadata: ObjectMeta, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, value]) => metadata.labels?.[name] === value)
}
