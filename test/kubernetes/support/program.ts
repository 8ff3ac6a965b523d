/** A program of Warren as a process that cannot outlive the test. */
import { startGuardedProcess } from '@warren/runtime/embedded'
import type { Cleanup } from '@warren/runtime/testing'

export type Program = {
  /** What it printed so far. */
  log(): string
  running(): boolean
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number>
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
}

/** An operator drains its work before it ends. */
const GRACE_SECONDS = 40

export function startProgram(
  file: Cleanup,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Program {
  const guarded = startGuardedProcess({
    command: process.execPath,
    args,
    env: { PATH: process.env.PATH, ...env },
    output: 'pipe',
    graceSeconds: GRACE_SECONDS,
  })
  let log = ''
  let running = true
  for (const stream of [guarded.child.stdout, guarded.child.stderr])
    stream?.on('data', (text) => (log += String(text)))
  const ended = guarded.ended.then((code) => {
    running = false
    return code
  })
  const kill = async () => {
    // The guardian and what it guards are one process group.
    if (running && guarded.child.pid) process.kill(-guarded.child.pid, 'SIGKILL')
    await guarded.end()
  }
  file.after(kill)
  return {
    log: () => log,
    running: () => running,
    async stop() {
      await guarded.end()
      return ended
    },
    kill,
  }
}
