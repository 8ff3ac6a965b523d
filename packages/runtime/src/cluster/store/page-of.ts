import type { ObjectMeta } from '@warren/contracts'
import type { ListOptions, Page } from '../port.ts'
import { storeKey } from './watch-hub.ts'

/** One page of what matches, in order of namespace and name. The token is the last key that was given out. */
export function pageOf<T extends { readonly metadata: ObjectMeta }>(
  objects: Iterable<T>,
  options: ListOptions,
  matches: (object: T) => boolean = () => true,
): Page<T> {
  const { namespace, continueToken, limit = Number.POSITIVE_INFINITY } = options
  const wanted = [...objects]
    .filter(
      (object) =>
        (namespace === undefined || object.metadata.namespace === namespace) &&
        hasLabels(object.metadata, options.labels ?? {}) &&
        matches(object) &&
        (continueToken === undefined || storeKey(object.metadata) > continueToken),
    )
    .sort((a, b) => (storeKey(a.metadata) < storeKey(b.metadata) ? -1 : 1))
  const items = wanted.slice(0, limit)
  const last = items.at(-1)
  return wanted.length > items.length && last ? { items, continueToken: storeKey(last.metadata) } : { items }
}

function hasLabels(metadata: ObjectMeta, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, value]) => metadata.labels?.[name] === value)
}
