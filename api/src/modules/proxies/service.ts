import { type ProxyPoolDoc, WarrenError } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import { deriveProxyKey, type SealingKey, seal } from '@warren/runtime/crypto'
import type { ProxyPoolReader, ProxyPoolWriter } from '@warren/runtime/session-store'

export type ProxyService = {
  list(organization: string): Promise<ProxyPoolDoc[]>
  /** @throws WarrenError `not_found` */
  get(organization: string, name: string): Promise<ProxyPoolDoc>
  /** @throws WarrenError `already_exists`, `validation_failed`, `plan_limit_reached`, `proxy_unavailable` without a key to seal with */
  create(organization: string, name: string, urls: readonly string[]): Promise<ProxyPoolDoc>
  /** @throws WarrenError as `create`, `not_found` */
  replace(organization: string, name: string, urls: readonly string[]): Promise<ProxyPoolDoc>
  /** @throws WarrenError `not_found`, `conflict` while an instance uses it */
  remove(organization: string, name: string): Promise<void>
}

const PORTS: Readonly<Record<string, number>> = {
  'http:': 80,
  'https:': 443,
  'socks5:': 1080,
  'socks5h:': 1080,
}
const MAX_POOLS = 50

export function createProxyService(deps: {
  store: ProxyPoolReader & ProxyPoolWriter
  masterKey: SealingKey | undefined
  /** Instances of an organisation that name a pool. */
  usersOf: (organization: string, pool: string) => Promise<readonly string[]>
  clock: Clock
}): ProxyService {
  const { store, masterKey, usersOf, clock } = deps

  async function get(organization: string, name: string): Promise<ProxyPoolDoc> {
    const pool = await store.proxyPool(organization, name)
    if (!pool) throw new WarrenError('not_found')
    return pool
  }

  async function put(organization: string, name: string, urls: readonly string[]): Promise<ProxyPoolDoc> {
    if (!masterKey) throw new WarrenError('proxy_unavailable', 'This installation keeps no pools of proxies.')
    const addresses = addressesOf(urls)
    const _id = `${organization}/${name}`
    const key = deriveProxyKey(masterKey, organization)
    const sealed = seal(key, Buffer.from(JSON.stringify(urls)), `proxies/${_id}`)
    const pool = { _id, organization, name, addresses, sealed, updatedAt: clock.now() }
    await store.putProxyPool(pool)
    return pool
  }

  return {
    list: store.proxyPools,
    get,
    async create(organization, name, urls) {
      const pools = await store.proxyPools(organization)
      if (pools.some((pool) => pool.name === name)) throw new WarrenError('already_exists')
      if (pools.length >= MAX_POOLS)
        throw new WarrenError('plan_limit_reached', `An organisation has at most ${MAX_POOLS} pools.`)
      return put(organization, name, urls)
    },
    async replace(organization, name, urls) {
      await get(organization, name)
      return put(organization, name, urls)
    },
    async remove(organization, name) {
      await get(organization, name)
      const [user] = await usersOf(organization, name)
      if (user) throw new WarrenError('conflict', `The instance ${user} uses this pool.`)
      await store.removeProxyPool(organization, name)
    },
  }
}

/** @throws WarrenError `validation_failed`, naming the place and not the URL, which may hold a password */
function addressesOf(urls: readonly string[]): string[] {
  const addresses = urls.map(addressOf)
  const fields = addresses.flatMap((address, index) =>
    address === undefined
      ? [{ path: `body.urls.${index}`, message: 'must be a URL of an http, https or socks5 proxy' }]
      : [],
  )
  if (fields.length > 0) throw new WarrenError('validation_failed', undefined, { details: { fields } })
  return addresses.flatMap((address) => address ?? [])
}

function addressOf(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const port = url && PORTS[url.protocol]
  return url?.hostname && port ? `${url.hostname}:${url.port || port}` : undefined
}
