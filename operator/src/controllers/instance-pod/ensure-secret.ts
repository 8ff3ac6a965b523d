import { isDeepStrictEqual } from 'node:util'
import { instanceIdOf, isWarrenError, WarrenError, type WhatsAppInstance } from '@warren/contracts'
import type { Secret, SecretClient } from '@warren/runtime/cluster'
import { deriveInstanceKey, deriveProxyKey, keysText, type SealingKey } from '@warren/runtime/crypto'
import { KEY_FILE, keySecretKeyOf, ownedBy, PROXY_KEY_FILE } from '../../pods/session-pod.ts'

/**
 * Sees to it that the instance's secret is there and right: its own key, and the connection strings. The key is derived, so it is the same
 * after any loss of the secret, and a pod never sees the master key.
 * @throws WarrenError `already_exists` while a secret of another owner has the name; `forbidden` where none may be made
 */
export async function ensureSecret(
  secrets: SecretClient,
  instance: WhatsAppInstance,
  sources: {
    readonly masterKey: SealingKey
    readonly previousMasterKeys?: readonly SealingKey[]
    readonly secretEnv?: Readonly<Record<string, string>>
    readonly proxyMasterKey?: SealingKey
  },
): Promise<void> {
  const key = keySecretKeyOf(instance.metadata)
  const data = secretData(instance, sources)
  try {
    await secrets.create({ metadata: { ...key, ownerReferences: [ownedBy(instance)] }, data })
    return
  } catch (error) {
    if (!isWarrenError(error, 'already_exists')) throw error
  }
  const present = await secrets.get(key)
  // Gone between the two: the next attempt makes it.
  if (!present)
    throw new WarrenError('conflict', `the secret ${key.namespace}/${key.name} was removed meanwhile`)
  if (!present.metadata.ownerReferences?.some(({ uid }) => uid === instance.metadata.uid))
    throw new WarrenError(
      'already_exists',
      `the secret ${key.namespace}/${key.name} belongs to something else`,
    )
  if (!isDeepStrictEqual(plain(present.data), plain(data))) await secrets.update(key, data)
}

function secretData(
  instance: WhatsAppInstance,
  { masterKey, previousMasterKeys = [], secretEnv = {}, proxyMasterKey }: Parameters<typeof ensureSecret>[2],
): Secret['data'] {
  const keys = [masterKey, ...previousMasterKeys].map((key) =>
    deriveInstanceKey(key, instance.spec.organization, instanceIdOf(instance.metadata)),
  )
  const files = {
    ...secretEnv,
    [KEY_FILE]: keysText(keys),
    ...(proxyMasterKey && instance.spec.proxy?.pool
      ? { [PROXY_KEY_FILE]: keysText([deriveProxyKey(proxyMasterKey, instance.spec.organization)]) }
      : {}),
  }
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => [name, new TextEncoder().encode(text)]),
  )
}

/** Bytes of whatever class, comparable. */
function plain(data: Secret['data']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]),
  )
}
