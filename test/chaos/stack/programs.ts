/** Programs of Warren as child processes that end with us, log into files, and are started again when they end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '@warren/runtime/testing'

export type ProgramOptions = {
  /** Also the name of its log. */
  readonly name: string
  readonly file: string
  readonly env: Readonly<Record<string, string>>
  readonly logs: string
  /** Of compiled sources. */
  readonly cache: string
}

export type Program = {
  readonly name: string
  /** Of the process that runs now. */
  pid(): number
  kill(signal: NodeJS.Signals): void
  /** Resolves when a process has said that it is ready; after a kill that is its successor. */
  ready(): Promise<void>
  /** Ends it for good. */
  stop(): Promise<void>
}

const READY_MS = 180_000
/** As long as Kubernetes takes to notice. */
const AGAIN_MS = 100

/** A program ends when its standard input does, and sends one message over IPC when it is ready. */
export function startProgram({ name, file, env, logs, cache }: ProgramOptions): Program {
  let child: ChildProcess | undefined
  let isReady = false
  let stopped = false
  let ended: Promise<void> = Promise.resolve()

  function start(): void {
    isReady = false
    const log = openSync(join(logs, `${name}.log`), 'a')
    const process_ = spawn(process.execPath, [file], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_COMPILE_CACHE: cache, ...env },
      stdio: ['pipe', log, log, 'ipc'],
    })
    closeSync(log)
    child = process_
    process_.on('message', () => {
      isReady = true
    })
    process_.stdin?.on('error', () => {})
    ended = new Promise((resolve) => {
      process_.once('exit', () => {
        isReady = false
        resolve()
        if (!stopped) setTimeout(() => stopped || start(), AGAIN_MS)
      })
    })
  }
  start()

  return {
    name,
    pid: () => child?.pid ?? -1,
    kill(signal) {
      if (signal === 'SIGKILL') isReady = false
      child?.kill(signal)
    },
    async ready() {
      await until(() => isReady, { timeoutMs: READY_MS, describe: `${name} to be ready` })
    },
    async stop() {
      stopped = true
      child?.kill('SIGCONT')
      child?.kill('SIGTERM')
      const force = setTimeout(() => child?.kill('SIGKILL'), 15_000)
      await ended
      clearTimeout(force)
    },
  }
}
