import winston from 'winston'
import { bindLevels, LOG_LEVELS, type Logger, type LogLevel, redact } from '../logger/index.ts'

export type WinstonLoggerOptions = {
  level: LogLevel
  /** `pretty` is for a person at a terminal, `json` for everything else. */
  format: 'json' | 'pretty'
  /** Where lines go; usually `process.stdout`. */
  stream: NodeJS.WritableStream
}

const COLOURS: Record<string, number> = { error: 31, warn: 33, info: 32, http: 36, debug: 90 }

/** Where winston keeps the level that it filters by. */
const LEVEL = Symbol.for('level')

const redacted = winston.format((info) => {
  const { level, message, ...fields } = info
  const head = { time: new Date().toISOString(), level, message: redact(message) }
  // Twice: to stand first, and not to be replaced by fields of the same name.
  const line = Object.assign({}, head, redact(fields), head)
  return { ...line, [LEVEL]: info[LEVEL] } as winston.Logform.TransformableInfo
})

const pretty = winston.format.printf(({ level, message, time, ...fields }) => {
  const shown = Object.keys(fields).length ? ` \u001b[90m${JSON.stringify(fields)}\u001b[0m` : ''
  return `${String(time).slice(11, 23)} \u001b[${COLOURS[level] ?? 0}m${level.padEnd(5)}\u001b[0m ${message}${shown}`
})

/** The logger of the servers: winston with redaction, as JSON lines or readable lines. */
export function createWinstonLogger(options: WinstonLoggerOptions): Logger {
  const target = winston.createLogger({
    level: options.level,
    levels: Object.fromEntries(LOG_LEVELS.map((level, index) => [level, index])),
    format: winston.format.combine(
      redacted(),
      options.format === 'pretty' ? pretty : winston.format.json({ deterministic: false }),
    ),
    transports: [new winston.transports.Stream({ stream: options.stream, eol: '\n' })],
  })

  // Own children instead of winston's: those let bindings of the parent win over fields of the line.
  return bindLevels({
    enabled: (level) => target.isLevelEnabled(level),
    write: (level, message, fields) => void target.log({ ...fields, level, message }),
  })
}
