/**
 * The cluster port. Types only: adapters are `@warren/runtime/cluster/kubernetes`, `@warren/runtime/cluster/local` (one machine) and
 * `@warren/runtime/cluster/memory` (tests).
 */
export type * from './pod.ts'
export type * from './port.ts'
