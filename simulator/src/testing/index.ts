/** Bare Baileys clients for tests and benchmarks against a simulator. Importing this unrefs long timers of the process. */

export { createTlsIdentity } from '../media/self-signed.ts'
export { type BareClient, connectBare, textOf } from './bare-client.ts'
export { fromSession, toSession } from './entries.ts'
export { linkBare } from './linked-client.ts'
export { createMemoryAuth, type MemoryAuth } from './memory-auth.ts'
export { linkMultiFile } from './multi-file-client.ts'
export { type AssertionJson, createSoftAuthenticator } from './soft-authenticator.ts'
export { waitFor } from './wait-for.ts'
