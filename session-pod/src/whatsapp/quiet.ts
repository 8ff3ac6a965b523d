/** Loggers for libraries that tell too much. */
import type { Logger } from '@warren/runtime/logger'
import type { ILogger } from './baileys.ts'

/**
 * Baileys' pino-like logger on ours. Only the texts are kept: the objects hold stanzas, keys and message contents.
 */
export function baileysLogger(logger: Logger): ILogger {
  const nothing = () => {}
  const textOf = (first: unknown, text?: string) => text ?? (typeof first === 'string' ? first : 'Baileys')
  const causeOf = (first: unknown) => {
    const { error, err, trace } = (first ?? {}) as { error?: unknown; err?: unknown; trace?: unknown }
    const cause = error ?? err ?? trace
    return cause instanceof Error ? { cause: cause.message } : {}
  }
  const adapter: ILogger = {
    level: 'warn',
    child: () => adapter,
    trace: nothing,
    debug: nothing,
    info: nothing,
    warn: (first, text) => logger.debug(textOf(first, text), causeOf(first)),
    error: (first, text) => logger.debug(textOf(first, text), causeOf(first)),
  }
  return adapter
}

/** libsignal prints whole sessions with their private keys to the console. Of what it prints only a leading text is logged. */
export function quietConsole(
  logger: Logger,
  target: Pick<Console, 'log' | 'info' | 'warn' | 'error'> = console,
): void {
  for (const method of ['log', 'info', 'warn', 'error'] as const) {
    target[method] = (first: unknown) => {
      if (typeof first === 'string') logger.debug(first.split('\n', 1)[0] ?? '', { from: 'console' })
    }
  }
}
