/** One session under test, and what can be done to it from outside. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SessionDoc } from '@warren/contracts'
import { until } from '@warren/runtime/testing'
import { isAlive, signal } from './processes.ts'
import type { TcpProxy } from './proxy.ts'

export type Session = {
  readonly instance: string
  /** The account's own number. */
  readonly number: string
  /** Who it writes with. */
  readonly contacts: readonly string[]
  /** One more, for the question whether it works. */
  readonly prober: string
  readonly proxies: { readonly mongo: TcpProxy; readonly redis: TcpProxy; readonly whatsapp: TcpProxy }
  /** Of its pod; undefined while there is none. */
  pid(): number | undefined
  /** The document with lease and status; null when it was deleted. */
  doc(): Promise<SessionDoc | null>
  deleteDoc(): Promise<void>
  /** Resolves when somebody took it over after this epoch. */
  takenOver(epoch: number, timeoutMs: number): Promise<void>
  /** Asks a resting session to try again, as a person would. */
  restart(): Promise<void>
  /** Sets its wall clock ahead, or back. */
  shiftClock(ms: number): void
  /** Starts another process on the same account. */
  startRival(podName: string): Rival
  /** Removes the folder in which its process runs. */
  removeFolder(): void
}

export type Rival = {
  readonly podName: string
  kill(name: NodeJS.Signals): void
  /** Resolves when it has ended. */
  readonly ended: Promise<number | null>
  /** Resolves when it holds the session. */
  holds(timeoutMs: number): Promise<void>
}

export type SessionOptions = Pick<Session, 'instance' | 'number' | 'contacts' | 'prober' | 'proxies'> & {
  /** Where pods leave their process ids and look for their clock. */
  readonly folder: string
  readonly logs: string
  readonly podFolder: string
  readonly command: readonly string[]
  /** What the pod has, but with paths that hold anywhere. */
  readonly env: Readonly<Record<string, string>>
  readonly doc: () => Promise<SessionDoc | null>
  readonly deleteDoc: () => Promise<void>
  readonly restart: () => Promise<void>
}

export function createSession(options: SessionOptions): Session {
  const { instance, folder, doc } = options
  let rivals = 0

  function pid(): number | undefined {
    try {
      const found = Number(readFileSync(join(folder, `${instance}.pod`), 'utf8'))
      return isAlive(found) ? found : undefined
    } catch {
      return undefined
    }
  }

  function startRival(podName: string): Rival {
    rivals += 1
    const log = openSync(join(options.logs, `${instance}.rival-${rivals}.log`), 'a')
    const [program = '', ...args] = options.command
    const child: ChildProcess = spawn(program, args, {
      cwd: mkdtempSync(join(folder, 'rival-')),
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        ...options.env,
        WARREN_POD_NAME: podName,
        CHAOS_RIVAL: '1',
      },
      // It ends with us: see the session program.
      stdio: ['pipe', log, log],
    })
    closeSync(log)
    child.stdin?.on('error', () => {})
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    return {
      podName,
      ended,
      kill: (name) => void child.kill(name),
      async holds(timeoutMs) {
        await until(async () => (await doc())?.holder?.startsWith(`${podName}/`), {
          timeoutMs,
          everyMs: 50,
          describe: `${podName} to hold ${instance}`,
        })
      },
    }
  }

  return {
    ...options,
    pid,
    startRival,
    async takenOver(epoch, timeoutMs) {
      await until(async () => ((await doc())?.epoch ?? 0) > epoch, {
        timeoutMs,
        everyMs: 50,
        describe: `another holder of ${instance}`,
      })
    },
    shiftClock: (ms) => writeFileSync(join(folder, `${instance}.clock`), String(ms)),
    removeFolder: () => rmSync(options.podFolder, { recursive: true, force: true }),
  }
}

/** Kills the pod's process at once; resolves when it is gone. */
export async function killPod(session: Session): Promise<void> {
  const pid = session.pid()
  signal(pid, 'SIGKILL')
  await until(() => pid === undefined || !isAlive(pid), { describe: `the end of ${session.instance}` })
}
