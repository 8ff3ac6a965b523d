/** `npm start`: all of Warren on this machine. */
import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { systemClock as clock } from '@warren/runtime/clock'
import { createLifecycle } from '@warren/runtime/lifecycle'
import { type LogFields, silentLogger } from '@warren/runtime/logger'
import { bootWarren } from './boot/warren.ts'
import { runDemo } from './demo/demo.ts'
import { HELP, type Options, readOptions, StartError } from './options.ts'
import { linkRealPhone } from './real/link-real-phone.ts'
import { createTerminal } from './terminal.ts'
import { showClosing, showConfig, showReady } from './texts.ts'

const terminal = createTerminal(process.stdout, process.env)

/** One Ctrl-C may arrive twice: from the terminal, and passed on by whoever started us. */
const SAME_SIGNAL_MS = 500

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (options === 'help') return void process.stdout.write(HELP)
  if (options.printConfig) return showConfig(terminal, options, process.env)
  await run(options)
}

async function run(options: Options): Promise<void> {
  const stopProblems = (message: string, fields?: LogFields) =>
    terminal.warn(`${fields?.resource}: ${message}`)
  const lifecycle = createLifecycle({ logger: { ...silentLogger, error: stopProblems }, clock })
  await lifecycle.start()
  const stopping = new AbortController()
  let ending: Promise<void> | undefined
  let endingSinceMs = 0

  async function end(code: number): Promise<void> {
    stopping.abort()
    rmSync(join(resolve(options.dataDir), 'warren.json'), { force: true })
    await lifecycle.stop()
    process.exit(code)
  }
  function onSignal(): void {
    if (!ending) {
      endingSinceMs = performance.now()
      showClosing(terminal)
      ending = end(0)
    } else if (performance.now() - endingSinceMs > SAME_SIGNAL_MS) {
      // The second Ctrl-C does not wait: what we started ends with us.
      process.exit(130)
    }
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)

  try {
    terminal.heading('Warren')
    const startedMs = performance.now()
    const warren = await bootWarren({ options, terminal, env: process.env, lifecycle })
    if (options.mode === 'demo') await runDemo(warren, terminal, stopping.signal)
    if (options.mode === 'real') await linkRealPhone(warren, terminal, stopping.signal)
    await showReady(terminal, warren, performance.now() - startedMs)
  } catch (error) {
    if (ending) return
    tell(error)
    ending = end(1)
  }
}

/** What a person can mend is a sentence; anything else is our fault and shows where. */
function tell(error: unknown): void {
  if (error instanceof StartError) terminal.fail(error.message)
  else terminal.fail(error instanceof Error ? (error.stack ?? error.message) : String(error))
}

try {
  await main()
} catch (error) {
  tell(error)
  process.exit(error instanceof StartError ? 2 : 1)
}
