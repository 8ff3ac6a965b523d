/** Where a session's proxies stand: in a mounted file, or in a pool of its organisation. */
import { readFile } from 'node:fs/promises'
import { WarrenError } from '@warren/contracts'
import { open, type SealingKey } from '@warren/runtime/crypto'
import type { ProxyPoolReader } from '@warren/runtime/session-store'

/** Read at each connection: a secret that is mounted changes while the process runs. */
export function fromFile(path: string): () => Promise<string> {
  return async () => {
    try {
      return await readFile(path, 'utf8')
    } catch (cause) {
      throw new WarrenError('proxy_unavailable', 'the secret has no field `proxies`', { cause })
    }
  }
}

export function fromPool(
  store: ProxyPoolReader,
  pool: { readonly organization: string; readonly name: string; readonly key: SealingKey | undefined },
): () => Promise<string> {
  const { organization, name, key } = pool
  return async () => {
    if (!key) throw new WarrenError('proxy_unavailable', 'this installation keeps no pools of proxies')
    const found = await store.proxyPool(organization, name).catch((cause: unknown) => {
      throw new WarrenError('proxy_unavailable', 'the pool of proxies cannot be read now', { cause })
    })
    if (!found) throw new WarrenError('proxy_unavailable', `there is no pool of proxies named ${name}`)
    try {
      const urls: string[] = JSON.parse(open(key, found.sealed, `proxies/${found._id}`).toString('utf8'))
      return urls.join('\n')
    } catch (cause) {
      throw new WarrenError('proxy_unavailable', 'the pool of proxies does not open with the key given', {
        cause,
      })
    }
  }
}
