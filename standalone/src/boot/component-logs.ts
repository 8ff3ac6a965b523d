import { join } from 'node:path'
import type { Clock } from '@warren/runtime/clock'
import { createJsonLogger, createRotatingLog, type Logger, type LogLevel } from '@warren/runtime/logger'

/** Logs of the components that run in this process: a file each, and a count of what a person should look at. */
export type ComponentLogs = {
  logger(component: string): Logger
  /** How many warnings and errors each file has had since the start; only files with some. */
  troubles(): readonly { readonly file: string; readonly count: number }[]
  close(): void
}

export function createComponentLogs(logsDir: string, clock: Clock): ComponentLogs {
  const files: { file: string; count: number; close(): void }[] = []
  return {
    logger(component) {
      const file = join(logsDir, `${component}.log`)
      const log = createRotatingLog(file)
      const entry = { file, count: 0, close: log.close }
      files.push(entry)
      const logger = createJsonLogger({ level: 'info', sink: log, clock })
      return counting(logger, (level) => {
        if (level === 'warn' || level === 'error') entry.count += 1
      })
    },
    troubles: () => files.filter(({ count }) => count > 0).map(({ file, count }) => ({ file, count })),
    close() {
      for (const { close } of files) close()
    },
  }
}

function counting(logger: Logger, onLine: (level: LogLevel) => void): Logger {
  const at =
    (level: LogLevel): Logger[LogLevel] =>
    (message, fields) => {
      onLine(level)
      logger[level](message, fields)
    }
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    http: at('http'),
    debug: at('debug'),
    child: (bindings) => counting(logger.child(bindings), onLine),
  }
}
