import { instanceIdOf, isWarrenError, WarrenError, type WhatsAppInstance } from '@warren/contracts'
import type { SecretClient } from '@warren/runtime/cluster'
import { deriveInstanceKey, type SealingKey } from '@warren/runtime/crypto'
import { KEY_FILE, keySecretKeyOf, ownedBy } from '../../pods/session-pod.ts'

/**
 * Sees to it that the secret with the instance's own key exists. The key is derived, so it is the same after any loss of the secret, and
 * a pod never sees the master key.
 * @throws WarrenError `conflict` while a secret of another owner has the name
 */
export async function ensureKey(
  secrets: SecretClient,
  instance: WhatsAppInstance,
  masterKey: SealingKey,
): Promise<void> {
  const key = keySecretKeyOf(instance.metadata)
  const present = await secrets.get(key)
  if (present) {
    if (present.metadata.ownerReferences?.some(({ uid }) => uid === instance.metadata.uid)) return
    throw new WarrenError('conflict', `the secret ${key.namespace}/${key.name} belongs to something else`)
  }
  const derived = deriveInstanceKey(masterKey, instance.spec.organization, instanceIdOf(instance.metadata))
  try {
    await secrets.create({
      metadata: { ...key, ownerReferences: [ownedBy(instance)] },
      data: { [KEY_FILE]: new TextEncoder().encode(encodeKey(derived)) },
    })
  } catch (error) {
    if (!isWarrenError(error, 'already_exists')) throw error
  }
}

/** As session pods read it: number and base64 of the bytes. */
function encodeKey(key: SealingKey): string {
  return `${key.id}:${Buffer.from(key.bytes).toString('base64')}`
}
