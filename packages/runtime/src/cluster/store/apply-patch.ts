import type { WhatsAppInstance } from '@warren/contracts'
import type { InstancePatch } from '../port.ts'
import { mergePatch } from './merge-patch.ts'

/** Changes an instance as {@link InstancePatch} says, in place. */
export function applyPatch(draft: WhatsAppInstance, patch: InstancePatch): void {
  if (patch.spec) draft.spec = mergePatch(draft.spec, patch.spec) as WhatsAppInstance['spec']
  const { labels, annotations } = draft.metadata
  const merged = textMaps(
    mergePatch(labels ?? {}, patch.labels ?? {}) as Record<string, string>,
    mergePatch(annotations ?? {}, patch.annotations ?? {}) as Record<string, string>,
  )
  delete draft.metadata.labels
  delete draft.metadata.annotations
  Object.assign(draft.metadata, merged)
}

/** Empty maps are not written, as in Kubernetes. */
export function textMaps(labels: Record<string, string> = {}, annotations: Record<string, string> = {}) {
  return {
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
  }
}
