export { createJsonLogger, type LineSink } from './json-logger.ts'
export { LOG_LEVELS, type LogFields, type Logger, type LogLevel } from './logger.ts'
export { createMemoryLogger, type LogLine, type MemoryLogger, silentLogger } from './memory-logger.ts'
export { isSecretKey, redact } from './redact.ts'
