/** One line a request, without query, body and token. */
import type { Clock } from '@warren/runtime/clock'
import type { Logger } from '@warren/runtime/logger'
import type { RequestHandler } from 'express'
import { localsOf } from './route-handler.ts'

/** Told of each answered request; `route` is the pattern and not the path, so that there are few of them. */
export type RequestObserver = (request: {
  readonly method: string
  readonly route: string
  readonly status: number
  readonly seconds: number
}) => void

export function requestLog(deps: { logger: Logger; clock: Clock; observe: RequestObserver }): RequestHandler {
  const { logger, clock, observe } = deps
  return (req, res, next) => {
    const started = clock.monotonicMs()
    res.once('close', () => {
      const { requestId, principal, route } = localsOf(res)
      const ms = clock.monotonicMs() - started
      const { method } = req
      const status = res.statusCode
      observe({ method, route: route ?? 'other', status, seconds: ms / 1000 })
      logger.http('request', {
        requestId,
        method,
        path: req.originalUrl.split('?')[0],
        status,
        ms: Math.round(ms * 10) / 10,
        ...(res.writableFinished ? {} : { aborted: true }),
        ...(principal
          ? { organization: principal.organization, caller: `${principal.kind}:${principal.id}` }
          : {}),
      })
    })
    next()
  }
}
