import { spawn } from 'node:child_process'
import { mkdir, open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Environment } from './environment.ts'

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
 * The guardian: a shell that owns the server and reads from us. When we end, even by SIGKILL, the kernel closes the pipe,
 * the read ends, and the server is ended. Needs nothing but a POSIX shell, unlike PR_SET_PDEATHSIG.
 */
const GUARDIAN = `
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
(
  while read -r _ <&3; do :; done
  kill -TERM $server
  for _ in 1 2 3 4 5; do sleep 1; kill -0 $server || exit; done
  kill -KILL $server
) 2>/dev/null &
watcher=$!
exec 3<&-
wait $server
status=$?
kill $watcher 2>/dev/null
exit $status
`

/**
 * Starts a server that cannot outlive this process, and resolves when it serves.
 *
 * @throws Error with the end of the server's log when it ends early or is not ready in time.
 */
export async function startServerProcess(options: ServerCommand): Promise<ServerProcess> {
  await mkdir(dirname(options.logFile), { recursive: true })
  const log = await open(options.logFile, 'w')
  // A session of its own keeps Ctrl-C at the terminal from ending the data service before its users have finished.
  const guardian = spawn('/bin/sh', ['-c', GUARDIAN, 'guardian', options.command, ...options.args], {
    env: { ...options.env },
    stdio: ['pipe', log.fd, log.fd],
    detached: true,
  })
  guardian.unref()
  guardian.stdin.on('error', () => {})
  ;(guardian.stdin as typeof guardian.stdin & { unref?: () => void }).unref?.()
  const ended = new Promise<void>((resolve) => {
    guardian.once('error', () => resolve())
    guardian.once('exit', () => resolve())
  })
  let running = true
  void ended.then(() => {
    running = false
  })
  await log.close()

  async function stop() {
    guardian.ref()
    guardian.stdin.end()
    await ended
  }

  const deadline = performance.now() + options.startTimeoutMs
  for (;;) {
    const output = await readFile(options.logFile, 'utf8')
    const match = options.ready.exec(output)
    if (match && running) return { match, guardianPid: guardian.pid ?? -1, stop }
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
