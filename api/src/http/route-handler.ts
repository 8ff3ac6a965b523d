/** Turns a contract and its handler into Express middleware. The order of the steps is the same for every route. */
import { WarrenError } from '@warren/contracts'
import { celebrate, Modes } from 'celebrate'
import express, { type Request, type RequestHandler, type Response } from 'express'
import type { BoundRoute, RouteContract, TenantCall } from './contract.ts'
import { refuseHostile } from './hostile.ts'
import type { Idempotency } from './idempotency.ts'
import { authorize, type Principal } from './principal.ts'
import { addressBudget, type RateLimiter, SHARED_BUDGETS } from './rate-limit.ts'
import { checkResponse } from './response-check.ts'

export type RouteDeps = {
  readonly authenticate: (authorization: string | undefined) => Promise<Principal>
  readonly limiter: RateLimiter
  readonly idempotency: Idempotency
  readonly bodyLimitBytes: number
  /** Whether answers are compared with the contract: on in tests, off in production, where it would only cost. */
  readonly checkResponses: boolean
}

/** Express' bag for one request, typed. */
export type Locals = { requestId: string; principal?: Principal; route?: string }

export const localsOf = (res: Response) => res.locals as Locals

export function routeHandlers({ contract, handle }: BoundRoute, deps: RouteDeps): RequestHandler[] {
  return [
    identify(contract, deps),
    ...(contract.request.body ? [jsonBody(bodyLimitOf(contract, deps))] : []),
    refuseHostile,
    validate(contract),
    answer(contract, handle, deps),
  ]
}

/** Strangers get no more room than a sign-in needs. */
const PUBLIC_BODY_BYTES = 16 * 1024

function bodyLimitOf({ access, bodyBytes }: RouteContract, { bodyLimitBytes }: RouteDeps): number {
  if (bodyBytes !== undefined) return bodyBytes
  return access === 'public' ? Math.min(PUBLIC_BODY_BYTES, bodyLimitBytes) : bodyLimitBytes
}

/** Who calls, whether they may, and whether they may now. A failed attempt counts against the address. */
function identify(contract: RouteContract, deps: RouteDeps): RequestHandler {
  const { access, rate } = contract
  return async (req, res, next) => {
    const locals = localsOf(res)
    locals.route = contract.path
    const address = addressBudget(req.ip)
    if (access === 'public') {
      await deps.limiter.take(rate, address, res)
      return next()
    }
    let principal: Principal
    try {
      principal = await deps.authenticate(req.headers.authorization)
    } catch (error) {
      await deps.limiter.take('api', address, res)
      throw error
    }
    locals.principal = principal
    await deps.limiter.take(rate, `${principal.kind}:${principal.id}`, res)
    const shared = SHARED_BUDGETS[rate]
    if (shared) await deps.limiter.take(shared, principal.organization)
    const { instance } = req.params
    authorize(principal, {
      scopes: access,
      ...(typeof instance === 'string' ? { instance } : {}),
      boundKeys: contract.boundKeys ?? false,
    })
    next()
  }
}

function jsonBody(limit: number): RequestHandler {
  const parse = express.json({ limit, strict: true, type: isJson })
  return (req, res, done) => {
    if (hasBody(req) && !isJson(req))
      return done(new WarrenError('unsupported_media_type', 'The body must be application/json.'))
    parse(req, res, (error) => {
      req.body ??= {}
      done(error)
    })
  }
}

const hasBody = (req: Pick<Request, 'headers'>) =>
  req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0

function isJson(req: { headers: Request['headers'] }): boolean {
  return /^application\/(?:[\w.-]+\+)?json\b/i.test(req.headers['content-type'] ?? '')
}

function validate({ request }: RouteContract): RequestHandler {
  const { params, query, body } = request
  const segments = { ...(params ? { params } : {}), ...(query ? { query } : {}), ...(body ? { body } : {}) }
  if (Object.keys(segments).length === 0) return (_req, _res, done) => done()
  return celebrate(segments, { abortEarly: false, allowUnknown: false }, { mode: Modes.FULL })
}

function answer(contract: RouteContract, handle: BoundRoute['handle'], deps: RouteDeps): RequestHandler {
  const { success, idempotent } = contract
  return async (req, res) => {
    const principal = localsOf(res).principal
    const call = { params: req.params, query: req.query, body: req.body, req, res, principal } as TenantCall
    const reply = async (seed?: Uint8Array) => ({
      status: success.status,
      body: await handle(seed ? { ...call, seed } : call),
    })
    const given = idempotent && principal ? idempotencyKeyOf(req) : undefined
    const { status, body } =
      given && principal
        ? await deps.idempotency.run({ key: given, organization: principal.organization, req, res }, reply)
        : await reply()
    if (res.headersSent || (success.types && body === undefined)) return
    if (deps.checkResponses) checkResponse(contract, body)
    if (body === undefined) res.status(status).end()
    else res.status(status).json(body)
  }
}

/** @throws WarrenError `validation_failed` for a key that is too long */
function idempotencyKeyOf(req: Request): string | undefined {
  const key = req.get('Idempotency-Key') ?? req.get('X-Idempotency-Key')
  if (key === undefined || /^[\x21-\x7e]{1,255}$/.test(key)) return key
  const message = '"Idempotency-Key" must be 1 to 255 printable ASCII characters without spaces'
  throw new WarrenError('validation_failed', message, {
    details: { fields: [{ path: 'headers.idempotency-key', message }] },
  })
}
