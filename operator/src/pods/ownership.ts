import type { ObjectMeta, WhatsAppInstance } from '@warren/contracts'

/**
 * Whose an object is that bears the name we would give. The owner's uid decides, not a label:
 * - `ours`: owned by this very instance
 * - `predecessors`: owned by an instance of this name that is gone; the garbage collector will take it
 * - `foreign`: somebody else's; it is never touched
 */
export type Ownership = 'ours' | 'predecessors' | 'foreign'

export function ownershipOf(
  object: { readonly metadata: ObjectMeta },
  instance: WhatsAppInstance,
): Ownership {
  const owner = object.metadata.ownerReferences?.find(({ controller }) => controller)
  if (!owner) return 'foreign'
  if (owner.uid === instance.metadata.uid) return 'ours'
  const sameName = owner.kind === instance.kind && owner.name === instance.metadata.name
  return sameName ? 'predecessors' : 'foreign'
}
