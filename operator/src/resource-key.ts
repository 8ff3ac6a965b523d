import type { ResourceKey } from '@warren/contracts'

/** Keys in the queues: `<namespace>/<name>`. */
export const queueKeyOf = ({ namespace, name }: ResourceKey): string => `${namespace}/${name}`

export function resourceKeyOf(key: string): ResourceKey {
  const slash = key.indexOf('/')
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
