import { type BoundRoute, bind, presentPage } from '../../http/index.ts'
import { createKey, listKeys, revokeKey } from './contract.ts'
import { presentKey } from './present.ts'
import type { KeyService } from './service.ts'

/** Throws `not_found` unless the organisation has the instance. */
export type RequireInstance = (organization: string, instance: string) => Promise<unknown>

export function keyRoutes(keys: KeyService, requireInstance: RequireInstance): BoundRoute[] {
  return [
    bind(createKey, async ({ principal, body }) => {
      if (body.instance !== undefined) await requireInstance(principal.organization, body.instance)
      const { key, text } = await keys.create(principal, body)
      return { ...presentKey(key), key: text }
    }),
    bind(listKeys, async ({ principal, query }) =>
      presentPage(await keys.list(principal.organization, query), presentKey),
    ),
    bind(revokeKey, ({ principal, params }) => keys.revoke(principal.organization, params.key)),
  ]
}
