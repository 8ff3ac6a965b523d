/** The sessions database: port, Mongo adapter, memory fake. Its conformance suite runs on both. */
export { createMemorySessionStore } from './memory.ts'
export { createMongoSessionStore } from './mongo.ts'
export { migrateSessionStore } from './mongo-collections.ts'
export type * from './port.ts'
