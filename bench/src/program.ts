/** Child processes: their output goes to a file, and they end with us. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'

export type Program = {
  readonly child: ChildProcess
  readonly pid: number
  /** Rejects, with the end of its log, when the program ends without having been asked to; never resolves before. */
  readonly died: Promise<never>
  /** SIGTERM, and SIGKILL after ten seconds. Resolves when it has ended. Idempotent. */
  stop(): Promise<void>
}

export type ProgramOptions = {
  readonly name: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly logFile: string
  /** Whether to talk to it over IPC. */
  readonly ipc: boolean
}

const GRACE_MS = 10_000

/** Runs Node, the same binary as ours. Of our environment it gets only what a program needs to run at all. */
export function startProgram({ name, args, env, logFile, ipc }: ProgramOptions): Program {
  const log = openSync(logFile, 'a')
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, args, {
    env: { PATH, HOME, ...env },
    stdio: ['ignore', log, log, ...(ipc ? (['ipc'] as const) : [])],
  })
  closeSync(log)
  let stopping = false
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  const died = new Promise<never>((_, reject) => {
    void ended.then((how) => {
      if (!stopping) reject(new Error(`${name} ended (${how}): ${lastLines(logFile)}`))
    })
  })
  // Whoever waits for something of the program races with it; when nobody does, the next request to it fails.
  died.catch(() => {})
  return {
    child,
    pid: child.pid ?? -1,
    died,
    async stop() {
      stopping = true
      child.kill('SIGCONT')
      child.kill('SIGTERM')
      const kill = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
      await ended
      clearTimeout(kill)
    },
  }
}

/** Without the frames of a stack: the error's own line is what helps. */
function lastLines(logFile: string): string {
  const lines = readFileSync(logFile, 'utf8').split('\n')
  const telling = lines.filter((line) => line.trim() !== '' && !/^\s+at /.test(line))
  return telling.slice(-5).join(' | ') || 'it printed nothing'
}
