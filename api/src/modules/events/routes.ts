import type { InstanceId } from '@warren/contracts'
import type { Request } from 'express'
import { authorize, type BoundRoute, bind } from '../../http/index.ts'
import { streamEvents, streamInstanceEvents } from './contract.ts'
import type { EventsDeps } from './index.ts'

export function eventRoutes({ sse, authenticate, requireInstance }: EventsDeps): BoundRoute[] {
  const stillAllowed = (req: Request, instance: InstanceId | undefined) => async () => {
    const principal = await authenticate(req.headers.authorization)
    authorize(principal, { scopes: ['events:read'], boundKeys: true, ...(instance ? { instance } : {}) })
    if (instance !== undefined) await requireInstance(principal.organization, instance)
  }
  /** The header is what a browser sends by itself when it reconnects; it is newer than a query of the first request. */
  const resume = (req: Request, query: string | undefined) => {
    const lastEventId = req.get('Last-Event-ID') ?? query
    return lastEventId === undefined ? {} : { lastEventId }
  }
  return [
    bind(streamEvents, async ({ principal, query, req, res }) => {
      const { organization, instance } = principal
      const scope = { organization, ...(instance === undefined ? {} : { instance }) }
      await sse.serve({ ...scope, ...resume(req, query.lastEventId) }, res, {
        principal,
        stillAllowed: stillAllowed(req, instance),
      })
    }),
    bind(streamInstanceEvents, async ({ principal, params, query, req, res }) => {
      const { organization } = principal
      const { instance } = params
      await requireInstance(organization, instance)
      await sse.serve({ organization, instance, ...resume(req, query.lastEventId) }, res, {
        principal,
        stillAllowed: stillAllowed(req, instance),
      })
    }),
  ]
}
