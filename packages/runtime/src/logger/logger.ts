/** Structured details of a line. Secret-looking keys are redacted by every adapter. */
export type LogFields = Record<string, unknown>

/** From gravest to most talkative; the names are winston's npm levels. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'http', 'debug'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/**
 * Where a process writes what happened. A change of state is `info`, a steady state is `debug`, a request is `http`.
 * An `Error` among the fields is written with name, message, code, stack and causes.
 */
export type Logger = { [level in LogLevel]: (message: string, fields?: LogFields) => void } & {
  /** A logger that adds `bindings` to each line; fields of the line win over bindings. */
  child(bindings: LogFields): Logger
}
