import { systemClock } from '../clock/index.ts'
import { createJsonLogger } from './json-logger.ts'
import type { LogFields, Logger, LogLevel } from './logger.ts'

export type LogLine = LogFields & { level: LogLevel; message: string; time: string }
export type MemoryLogger = Logger & {
  /** Everything logged so far by it and its children, as a reader of the real log would see it. */
  lines: LogLine[]
}

/** A logger for tests: keeps all levels, prints nothing. */
export function createMemoryLogger(): MemoryLogger {
  const lines: LogLine[] = []
  const sink = { write: (line: string) => lines.push(JSON.parse(line)) }
  return Object.assign(createJsonLogger({ level: 'debug', sink, clock: systemClock }), { lines })
}

const nothing = () => {}

/** A logger that forgets. */
export const silentLogger: Logger = {
  error: nothing,
  warn: nothing,
  info: nothing,
  http: nothing,
  debug: nothing,
  child: () => silentLogger,
}
