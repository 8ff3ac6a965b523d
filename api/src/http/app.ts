/** The Express application: what every request passes, then the modules' routes, then errors as problem documents. */
import { WarrenError } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { Ids } from '@warren/runtime/ids'
import type { Logger } from '@warren/runtime/logger'
import express, { type ErrorRequestHandler, type Express, type RequestHandler, Router } from 'express'
import type { ApiModule } from './contract.ts'
import { type Problem, problemOf, toWarrenError } from './problem.ts'
import { type RequestObserver, requestLog } from './request-log.ts'
import { localsOf, type RouteDeps, routeHandlers } from './route-handler.ts'
import { security } from './security.ts'

/** Where the modules' routes begin. */
export const API_PREFIX = '/api/v1'

export type AppOptions = {
  readonly modules: readonly ApiModule[]
  /** Probes and documentation: outside the prefix, without token and without budget. */
  readonly extras: readonly Router[]
  readonly routes: RouteDeps
  readonly corsOrigins: readonly string[]
  /** How many proxies in front are believed. */
  readonly trustProxy: number
  readonly showInternals: boolean
  readonly observe: RequestObserver
  readonly clock: Clock
  readonly ids: Ids
  readonly logger: Logger
}

export function createHttpApp(options: AppOptions): Express {
  const { logger, clock, ids } = options
  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', options.trustProxy)
  // Without nested objects there is nothing in a query that could become an operator.
  app.set('query parser', 'simple')

  app.use(requestId(ids), requestLog({ logger, clock, observe: options.observe }))
  app.use(...security(options.corsOrigins, openPaths(options.modules)))
  for (const extra of options.extras) app.use(extra)
  app.use(API_PREFIX, apiRouter(options.modules, options.routes))
  app.use((_req, _res, next) => next(new WarrenError('not_found')))
  app.use(problems(logger, options.showInternals))
  return app
}

/** Paths that pages of any origin may call. */
function openPaths(modules: readonly ApiModule[]): ReadonlySet<string> {
  const contracts = modules.flatMap(({ routes }) => routes.map(({ contract }) => contract))
  return new Set(contracts.filter(({ anyOrigin }) => anyOrigin).map(({ path }) => API_PREFIX + path))
}

/** The caller's own id is kept when it is harmless, so that a request can be followed across services. */
function requestId(ids: Ids): RequestHandler {
  return (req, res, next) => {
    const given = req.get('X-Request-Id')
    const id = given && /^[\w.-]{8,64}$/.test(given) ? given : ids.newId('req')
    localsOf(res).requestId = id
    res.set('X-Request-Id', id)
    next()
  }
}

function apiRouter(modules: readonly ApiModule[], deps: RouteDeps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  const methods = new Map<string, string[]>()
  for (const route of modules.flatMap((module) => module.routes)) {
    const { method, path } = route.contract
    router[method](path, ...routeHandlers(route, deps))
    methods.set(path, [...(methods.get(path) ?? []), method.toUpperCase()])
  }
  for (const [path, allowed] of methods) {
    router.all(path, (_req, res, next) => {
      res.set('Allow', allowed.join(', '))
      next(new WarrenError('method_not_allowed', `It has ${allowed.join(', ')}.`))
    })
  }
  return router
}

function problems(logger: Logger, showInternals: boolean): ErrorRequestHandler {
  return (thrown, req, res, _next) => {
    const error = toWarrenError(thrown)
    const { requestId } = localsOf(res)
    if (error.status >= 500)
      logger.error('request failed', {
        error: error.cause ?? error,
        requestId,
        method: req.method,
        path: req.path,
      })
    if (res.headersSent) {
      // Too late for an answer; the broken connection tells the client that it is incomplete.
      res.destroy()
      return
    }
    if (error.details.retryAfterSeconds !== undefined)
      res.set('Retry-After', String(error.details.retryAfterSeconds))
    if (error.status === 401) res.set('WWW-Authenticate', 'Bearer')
    const problem: Problem = problemOf(error, requestId, showInternals)
    res.status(problem.status).type('application/problem+json').send(JSON.stringify(problem))
  }
}
