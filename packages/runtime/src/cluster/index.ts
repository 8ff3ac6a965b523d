/**
 * The cluster port. Types only: adapters are `@warren/runtime/cluster/memory` (tests) and `@warren/runtime/cluster/local` (one machine).
 */
export type * from './pod.ts'
export type * from './port.ts'
