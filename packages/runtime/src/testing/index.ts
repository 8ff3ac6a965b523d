/** Helpers for tests; nothing of a running product imports this. */
export { freePort } from '../embedded/index.ts'
export { type Gate, startGate } from './gate.ts'
export { reset } from './reset.ts'
export { type S3Peer, withS3 } from './s3.ts'
export { type OwnService, ownMongo, ownRedis, withMongo, withRedis } from './services.ts'
export { type Cleanup, tempDir } from './temp-dir.ts'
export { until } from './until.ts'
