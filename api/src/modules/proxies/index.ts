/** Pools of proxies, which an organisation's instances may use by name. Sealed under a key that no other organisation's sessions have. */
import type { ProxyPoolDoc } from '@warren/contracts'
import { type ApiModule, bind } from '../../http/index.ts'
import {
  createProxyPool,
  deleteProxyPool,
  getProxyPool,
  listProxyPools,
  updateProxyPool,
} from './contract.ts'
import type { ProxyService } from './service.ts'

export { createProxyService } from './service.ts'

export function createProxiesModule(proxies: ProxyService): ApiModule {
  return {
    name: 'proxies',
    routes: [
      bind(createProxyPool, async ({ principal, body }) =>
        present(await proxies.create(principal.organization, body.name, body.urls)),
      ),
      bind(listProxyPools, async ({ principal }) => ({
        items: (await proxies.list(principal.organization)).map(present),
      })),
      bind(getProxyPool, async ({ principal, params }) =>
        present(await proxies.get(principal.organization, params.pool)),
      ),
      bind(updateProxyPool, async ({ principal, params, body }) =>
        present(await proxies.replace(principal.organization, params.pool, body.urls)),
      ),
      bind(deleteProxyPool, ({ principal, params }) => proxies.remove(principal.organization, params.pool)),
    ],
  }
}

const present = ({ name, addresses, updatedAt }: ProxyPoolDoc) => ({
  name,
  addresses: [...addresses],
  updatedAt: updatedAt.toISOString(),
})
