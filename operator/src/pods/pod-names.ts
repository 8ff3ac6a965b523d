import type { ResourceKey } from '@warren/contracts'

/** A pod has the instance's name: the API server itself then refuses a second one. Replacements have `<instance>--2` and so on. */
const SUFFIX = /--[0-9]+$/

/** So many pods of one instance there may be at most, those that are given up and those that still end included. */
export const MOST_PODS = 5

/** @param ordinal 1 for the pod that bears the instance's own name */
export function podKeyOf({ namespace, name }: ResourceKey, ordinal = 1): ResourceKey {
  return { namespace, name: ordinal === 1 ? name : `${name}--${ordinal}` }
}

/** All the names that pods of an instance may have, in the order in which they are used. */
export function podKeysOf(instance: ResourceKey): readonly ResourceKey[] {
  return Array.from({ length: MOST_PODS }, (_, index) => podKeyOf(instance, index + 1))
}

/** Whose a pod of this name would be. No instance has such a suffix: the resource's own rules forbid it. */
export function instanceKeyOfPod({ namespace, name }: ResourceKey): ResourceKey {
  return { namespace, name: name.replace(SUFFIX, '') }
}
