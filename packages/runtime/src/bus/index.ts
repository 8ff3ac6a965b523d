/**
 * News, calls and wake-ups between processes. `createBus` holds the behaviour, the transports only move text: Redis for the
 * product, memory for tests; `conformance.ts` runs on both.
 */
export { type Bus, BusCallError, type BusStats, type CallOptions, type Subscription } from './bus.ts'
export type { BusDeps } from './create-bus.ts'
export { createMemoryBus, createMemoryHub, type MemoryHub } from './memory-bus.ts'
export { createRedisBus, type RedisBusOptions } from './redis-bus.ts'
