import { mkdir, open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Environment } from './environment.ts'
import { startGuardedProcess } from './guarded-process.ts'

export type ServerCommand = {
  command: string
  args: readonly string[]
  env: Environment
  /** Everything the server prints; written anew at each start. A file, so that it never blocks or breaks the server. */
  logFile: string
  /** What the server prints when it serves. */
  ready: RegExp
  /** How long it may take until then. */
  startTimeoutMs: number
}

export type ServerProcess = {
  /** The match of `ready`. */
  match: RegExpExecArray
  /** The server's own process id is not ours to know: this is its guardian's, which ends with it. */
  guardianPid: number
  /** Asks the server to end, and makes it end after five seconds. Idempotent. */
  stop(): Promise<void>
}

/**
 * Starts a server that cannot outlive this process, and resolves when it serves.
 *
 * @throws Error with the end of the server's log when it ends early or is not ready in time.
 */
export async function startServerProcess(options: ServerCommand): Promise<ServerProcess> {
  await mkdir(dirname(options.logFile), { recursive: true })
  const log = await open(options.logFile, 'w')
  const { command, args, env } = options
  const server = startGuardedProcess({ command, args, env, output: log.fd, graceSeconds: 5 })
  let running = true
  void server.ended.then(() => {
    running = false
  })
  await log.close()

  const stop = async () => void (await server.end())

  const deadline = performance.now() + options.startTimeoutMs
  for (;;) {
    const output = await readFile(options.logFile, 'utf8')
    const match = options.ready.exec(output)
    if (match && running) return { match, guardianPid: server.child.pid ?? -1, stop }
    if (!running || performance.now() > deadline) {
      await stop()
      const why = running ? `was not ready within ${options.startTimeoutMs} ms` : 'ended while starting'
      throw new Error(`${options.command} ${why}: ${lastLines(output)} (log: ${options.logFile})`)
    }
    await delay(20)
  }
}

function lastLines(output: string): string {
  return output.trim().split('\n').slice(-3).join(' | ') || 'it printed nothing'
}
