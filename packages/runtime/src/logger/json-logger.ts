import type { Clock } from '../clock/index.ts'
import { bindLevels } from './bind-levels.ts'
import { LOG_LEVELS, type LogFields, type Logger, type LogLevel } from './logger.ts'
import { redact } from './redact.ts'

/** Where lines go; `process.stdout` is one. */
export type LineSink = { write(line: string): unknown }

/**
 * JSON lines without a logging library, for processes that count their megabytes: a session process with winston
 * loaded holds about 8 MB more. The lines are the same as those of the winston adapter.
 */
export function createJsonLogger(options: { level: LogLevel; sink: LineSink; clock: Clock }): Logger {
  const threshold = LOG_LEVELS.indexOf(options.level)

  return bindLevels({
    enabled: (level) => LOG_LEVELS.indexOf(level) <= threshold,
    write(level, message, fields) {
      const line = redact(fields) as LogFields
      const time = options.clock.now().toISOString()
      const head = { time, level, message: redact(message) }
      // Twice: to stand first, and not to be replaced by fields of the same name.
      options.sink.write(`${JSON.stringify(Object.assign({}, head, line, head))}\n`)
    },
  })
}
