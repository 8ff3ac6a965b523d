import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { Clock } from '../../clock/index.ts'
import { type GuardedProcess, startGuardedProcess } from '../../embedded/guarded-process.ts'
import { createRotatingLog, type Logger, type RotatingLog } from '../../logger/index.ts'
import type { ContainerState, PodStatus, SessionPod } from '../pod.ts'
import type { Kubelet } from '../store/pod-store.ts'
import { restartDelayMs, STABLE_AFTER_MS } from './restart-delay.ts'

export type ProcessKubeletDeps = {
  readonly clock: Clock
  readonly logger: Logger
  /** Working directories of the pods. */
  readonly podsDir: string
  readonly logsDir: string
  readonly secretsDir: string
  /** Variables that every pod gets; in a real cluster the image has them. */
  readonly baseEnv: Readonly<Record<string, string | undefined>>
  /** Most milliseconds between the end of a pod's process and its next start. */
  readonly longestRestartMs: number
}

/**
 * A node of child processes. A pod is one process that is started again whenever it ends; it ends with us, even if we are killed.
 */
export function createProcessKubelet(deps: ProcessKubeletDeps): Kubelet {
  return {
    run(pod, report) {
      const name = `${pod.metadata.namespace}.${pod.metadata.name}`
      const stopping = new AbortController()
      let running: GuardedProcess | undefined
      const log = createRotatingLog(join(deps.logsDir, `${name}.log`))
      const loop = keepRunning(deps, { pod, name, log, report, stopping: stopping.signal }, (started) => {
        running = started
      })
      return {
        async stop() {
          stopping.abort()
          await running?.end()
          await loop
          log.close()
          rmSync(join(deps.podsDir, name), { recursive: true, force: true })
        },
      }
    },
  }
}

type Run = {
  readonly pod: SessionPod
  readonly name: string
  readonly log: RotatingLog
  readonly report: (status: PodStatus) => void
  readonly stopping: AbortSignal
}

async function keepRunning(deps: ProcessKubeletDeps, run: Run, onStarted: (process: GuardedProcess) => void) {
  const { clock } = deps
  const logger = deps.logger.child({ pod: run.name })
  const container = run.pod.spec.containers[0].name
  const startTime = clock.now().toISOString()
  let restartCount = 0
  let crashes = 0
  let lastState: ContainerState | undefined

  function tell(state: ContainerState): void {
    const last = lastState === undefined ? {} : { lastState }
    run.report({
      phase: restartCount === 0 && state.waiting ? 'Pending' : 'Running',
      startTime,
      containerStatuses: [{ name: container, restartCount, state, ...last }],
    })
  }

  while (!run.stopping.aborted) {
    const problem = attemptTo(() => prepare(deps, run))
    if (problem) {
      crashes += 1
      tell({ waiting: { reason: 'CreateContainerConfigError', message: problem } })
    } else {
      const startedAt = clock.now().toISOString()
      const startedMs = clock.monotonicMs()
      const process = start(deps, run)
      onStarted(process)
      tell({ running: { startedAt } })
      const exitCode = await process.ended
      if (run.stopping.aborted) return
      crashes = clock.monotonicMs() - startedMs >= STABLE_AFTER_MS ? 1 : crashes + 1
      restartCount += 1
      const finishedAt = clock.now().toISOString()
      const reason = exitCode === 0 ? 'Completed' : 'Error'
      lastState = { terminated: { exitCode, reason, startedAt, finishedAt } }
      const again = restartDelayMs(crashes, deps.longestRestartMs)
      const message = `ended with exit code ${exitCode}; starting again in ${again / 1_000} s`
      logger.warn('session process ended', { exitCode, restartCount, again })
      tell({ waiting: { reason: 'CrashLoopBackOff', message } })
    }
    await clock.sleep(restartDelayMs(crashes, deps.longestRestartMs), run.stopping).catch(() => {})
  }
}

/** An empty working directory with the secrets where the pod looks for them. Returns what is missing. */
function prepare({ podsDir, secretsDir }: ProcessKubeletDeps, { pod, name }: Run): string | undefined {
  const folder = join(podsDir, name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const { name: volume, mountPath } of pod.spec.containers[0].volumeMounts ?? []) {
    const source = pod.spec.volumes?.find((one) => one.name === volume)
    if (!source) return `there is no volume ${volume}`
    if (isAbsolute(mountPath)) return `the mount path ${mountPath} is not below the pod's own folder`
    if (!('secret' in source)) {
      mkdirSync(join(folder, mountPath), { recursive: true })
      continue
    }
    const secret = join(secretsDir, `${pod.metadata.namespace}.${source.secret.secretName}`)
    if (!existsSync(secret)) return `the secret ${source.secret.secretName} does not exist`
    mkdirSync(dirname(join(folder, mountPath)), { recursive: true })
    symlinkSync(secret, join(folder, mountPath))
  }
  return undefined
}

/** A full disk is a reason to try again later, not to forget the pod. */
function attemptTo(step: () => string | undefined): string | undefined {
  try {
    return step()
  } catch (error) {
    return (error as Error).message
  }
}

function start({ podsDir, baseEnv }: ProcessKubeletDeps, { pod, name, log }: Run): GuardedProcess {
  const { command = [], args = [], env = [] } = pod.spec.containers[0]
  const cwd = join(podsDir, name)
  const [program = '', ...first] = command
  const process = startGuardedProcess({
    command: program,
    args: [...first, ...args],
    env: {
      ...baseEnv,
      // One process at a time runs in a pod's folder, whichever of us started it: pods end with us.
      WARREN_PLACE: `${hostname()}:${resolve(cwd)}`,
      ...Object.fromEntries(env.flatMap((one) => ('value' in one ? [[one.name, one.value]] : []))),
    },
    cwd,
    output: 'pipe',
    graceSeconds: pod.spec.terminationGracePeriodSeconds,
  })
  process.child.stdout?.on('data', (chunk: Buffer) => log.write(chunk))
  process.child.stderr?.on('data', (chunk: Buffer) => log.write(chunk))
  return process
}
