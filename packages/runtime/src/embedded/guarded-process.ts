import { type ChildProcess, spawn } from 'node:child_process'
import type { Environment } from './environment.ts'

export type GuardedCommand = {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Environment
  readonly cwd?: string
  /** Where its output goes: a file descriptor, or a pipe of {@link GuardedProcess.child}. */
  readonly output: number | 'pipe'
  /** Seconds between SIGTERM and SIGKILL, whole, 1 or more. */
  readonly graceSeconds: number
}

export type GuardedProcess = {
  /** The guardian's process; the program's own id is not ours to know, but it ends with the guardian and the guardian with it. */
  readonly child: ChildProcess
  /** The program's exit code, 128 + the number of the signal that ended it, or 127 when it could not be started. */
  readonly ended: Promise<number>
  /** Asks the program to end, and makes it end after the grace. Resolves with {@link ended}. Idempotent. */
  end(): Promise<number>
}

/**
 * The guardian: a shell that owns the program and reads from us. When we end, even by SIGKILL, the kernel closes the pipe, the read ends,
 * and the program is ended. Needs nothing but a POSIX shell, unlike PR_SET_PDEATHSIG. What it starts itself holds no pipe of the program.
 */
const GUARDIAN = `
grace=$1
shift
exec 3<&0
"$@" 3<&- </dev/null &
program=$!
(
  while read -r _ <&3; do :; done
  kill -TERM $program
  while [ $grace -gt 0 ]; do sleep 1; kill -0 $program || exit; grace=$((grace - 1)); done
  kill -KILL $program
) >/dev/null 2>&1 &
watcher=$!
exec 3<&-
wait $program
status=$?
kill $watcher 2>/dev/null
exit $status
`

/** Starts a program that cannot outlive this process. It does not keep this process running until it is asked to end. */
export function startGuardedProcess(options: GuardedCommand): GuardedProcess {
  // A session of its own keeps Ctrl-C at the terminal from ending it before its users have finished.
  const child = spawn(
    '/bin/sh',
    ['-c', GUARDIAN, 'guardian', String(options.graceSeconds), options.command, ...options.args],
    {
      env: { ...options.env },
      stdio: ['pipe', options.output, options.output],
      detached: true,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    },
  )
  child.unref()
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    stream?.on('error', () => {})
    ;(stream as { unref?: () => void } | null)?.unref?.()
  }
  const ended = new Promise<number>((resolve) => {
    child.once('error', () => resolve(127))
    child.once('exit', (code) => resolve(code ?? 137))
  })
  return {
    child,
    ended,
    end() {
      child.ref()
      child.stdin?.end()
      return ended
    },
  }
}
