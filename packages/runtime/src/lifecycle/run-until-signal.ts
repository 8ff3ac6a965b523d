import type { Logger } from '../logger/index.ts'
import type { Lifecycle } from './lifecycle.ts'

/** What of `process` is needed; a test gives its own. */
export type ProcessLike = {
  // biome-ignore lint/suspicious/noExplicitAny: EventEmitter declares its listeners like this.
  on(event: string, listener: (...args: any[]) => void): unknown
  exit(code: number): void
}

export type RunOptions = {
  logger: Logger
  process: ProcessLike
  /**
   * What an error that nobody caught does; by default it is logged and the process stops with code 1, because its state
   * is unknown.
   */
  onUncaught?: (error: unknown) => void
}

/**
 * Starts the lifecycle and runs until SIGTERM, SIGINT or an uncaught error; then stops it and exits: 0 after a signal,
 * 1 after an error or a failed start. A second signal exits at once with 130.
 */
export async function runUntilSignal(lifecycle: Lifecycle, options: RunOptions): Promise<void> {
  const { logger, process } = options
  let ending = false

  async function end(code: number) {
    ending = true
    await lifecycle.stop()
    process.exit(code)
  }

  function onSignal(signal: string) {
    if (ending) return process.exit(130)
    logger.info('stopping', { signal })
    void end(0)
  }

  function onUncaught(error: unknown) {
    if (options.onUncaught) return options.onUncaught(error)
    logger.error('uncaught error', { error })
    if (!ending) void end(1)
  }

  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  process.on('uncaughtException', onUncaught)
  process.on('unhandledRejection', onUncaught)

  try {
    await lifecycle.start()
  } catch (error) {
    if (ending) return
    logger.error('start failed', { error })
    await end(1)
  }
}
