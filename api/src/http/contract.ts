/**
 * Routes as data. Validation, documentation, limits, authorisation and the generic tests all read the same description, so none of them
 * can disagree with another.
 */
import type { ErrorCode } from '@warren/contracts'
import type { Request, Response } from 'express'
import type Joi from 'joi'
import type { Principal, Scope } from './principal.ts'

/** Which budget a request is counted against; `none` for probes and documentation. */
export type RateClass = 'api' | 'auth' | 'messages' | 'uploads' | 'none'

/** What a validated request holds. A route names the parts that it has. */
export type RequestShape = { params?: object; query?: object; body?: object }

export type RouteContract<R extends RequestShape = RequestShape> = {
  /** The operationId of OpenAPI, and so the method name in generated clients. */
  readonly id: string
  readonly method: 'get' | 'post' | 'patch' | 'delete'
  /** Below `/api/v1`, in Express' notation. */
  readonly path: string
  readonly summary: string
  readonly description?: string
  /** Scopes that the caller needs, all of them; `public` needs no token. */
  readonly access: 'public' | readonly Scope[]
  /** Whether a key that is bound to one instance may call a route whose path names none. */
  readonly boundKeys?: true
  /** Whether pages of any origin may call it: what it takes is a token that the caller was handed, and no path parameter. */
  readonly anyOrigin?: true
  readonly rate: RateClass
  /** Whether `Idempotency-Key` is honoured. */
  readonly idempotent?: true
  readonly request: {
    readonly [P in 'params' | 'query' | 'body']?: Joi.ObjectSchema<NonNullable<R[P]>>
  }
  /** Largest JSON body, where it may be larger than the bodies of other routes. */
  readonly bodyBytes?: number
  /** `multipart` for a streamed body, which the handler reads itself. */
  readonly consumes?: 'multipart'
  readonly success: {
    readonly status: number
    readonly description: string
    /** Absent when there is no body or when it is not JSON. */
    readonly schema?: Joi.Schema
    /** Content types of an answer that the handler writes itself. */
    readonly types?: readonly string[]
  }
  /** Beyond those that any route of its kind can answer with (see openapi.ts). */
  readonly errors: readonly ErrorCode[]
}

/** A request on its way through a handler: everything in it is validated. */
export type Call<R extends RequestShape = RequestShape> = {
  readonly params: R extends { params: infer P } ? P : Record<never, never>
  readonly query: R extends { query: infer Q } ? Q : Record<never, never>
  readonly body: R extends { body: infer B } ? B : undefined
  readonly req: Request
  readonly res: Response
  /** Present when the caller gave an idempotency key: bytes that are the same on every execution of this request. */
  readonly seed?: Uint8Array
}

/** A call whose caller is known. */
export type TenantCall<R extends RequestShape = RequestShape> = Call<R> & { readonly principal: Principal }

/** A contract with what carries it out. The result is sent as JSON unless the handler has answered itself. */
export type BoundRoute = {
  readonly contract: RouteContract
  readonly handle: (call: TenantCall) => Promise<unknown>
}

/** A feature of the API. `app.ts` loops over these. */
export type ApiModule = {
  readonly name: string
  readonly routes: readonly BoundRoute[]
}

/** Types a contract without losing what its schemas describe. */
export function defineRoute<R extends RequestShape>(contract: TenantContract<R>): TenantContract<R> {
  return contract
}

/** Like {@link defineRoute} for a route that needs no token. */
export function definePublicRoute<R extends RequestShape>(
  contract: Omit<RouteContract<R>, 'access'>,
): PublicContract<R> {
  return { ...contract, access: 'public' }
}

type TenantContract<R extends RequestShape> = RouteContract<R> & { readonly access: readonly Scope[] }
type PublicContract<R extends RequestShape> = RouteContract<R> & { readonly access: 'public' }

/** Joins a contract and its handler. */
export function bind<R extends RequestShape>(
  contract: TenantContract<R>,
  handle: (call: TenantCall<R>) => Promise<unknown>,
): BoundRoute {
  return boundRoute(contract, handle)
}

/** Like {@link bind} for public routes: the handler does not get to see a caller. */
export function bindPublic<R extends RequestShape>(
  contract: PublicContract<R>,
  handle: (call: Call<R>) => Promise<unknown>,
): BoundRoute {
  return boundRoute(contract, handle)
}

/** The app knows requests only as validated data; the contract's schemas have made them what the handler expects. */
function boundRoute(contract: unknown, handle: unknown): BoundRoute {
  return { contract: contract as RouteContract, handle: handle as BoundRoute['handle'] }
}
