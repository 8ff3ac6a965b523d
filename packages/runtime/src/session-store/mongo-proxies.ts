import type { Collections } from './mongo-collections.ts'
import type { ProxyPoolReader, ProxyPoolWriter } from './port.ts'

/** Pools of proxies: one small document each, sealed by who writes it. */
export function createProxyPools({
  proxies,
}: Pick<Collections, 'proxies'>): ProxyPoolReader & ProxyPoolWriter {
  return {
    proxyPool: (organization, name) => proxies.findOne({ _id: `${organization}/${name}`, organization }),
    proxyPools: (organization) =>
      proxies
        .find({ _id: { $gt: `${organization}/`, $lt: `${organization}0` }, organization })
        .sort({ _id: 1 })
        .toArray(),
    async putProxyPool(pool) {
      await proxies.replaceOne({ _id: pool._id }, pool, { upsert: true })
    },
    async removeProxyPool(organization, name) {
      return (await proxies.deleteOne({ _id: `${organization}/${name}`, organization })).deletedCount > 0
    },
  }
}
