import type { LogFields, Logger, LogLevel } from './logger.ts'

/** Where bound loggers write to. */
type Lines = {
  /** Asked first, so that a line nobody wants costs nothing. */
  enabled(level: LogLevel): boolean
  write(level: LogLevel, message: string, fields: LogFields): void
}

/** Makes a {@link Logger} of what writes one line; a field of the line wins over a binding of the same name. */
export function bindLevels(lines: Lines, bindings: LogFields = {}): Logger {
  const at = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (lines.enabled(level)) lines.write(level, message, { ...bindings, ...fields })
  }
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    http: at('http'),
    debug: at('debug'),
    child: (more) => bindLevels(lines, { ...bindings, ...more }),
  }
}
