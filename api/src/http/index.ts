/** What every module builds on: routes as data, the caller, pages, errors. */
export {
  type ApiModule,
  type BoundRoute,
  bind,
  bindPublic,
  type Call,
  definePublicRoute,
  defineRoute,
  type RateClass,
  type RouteContract,
  type TenantCall,
} from './contract.ts'
export {
  cutPage,
  decodeCursor,
  encodeCursor,
  type Paged,
  type PageQuery,
  pageFields,
  pageOf,
  presentPage,
} from './paging.ts'
export { authorize, type Principal, SCOPES, type Scope } from './principal.ts'
export type { RateLimiter } from './rate-limit.ts'
