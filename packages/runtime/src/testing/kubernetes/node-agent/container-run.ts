import { closeSync, openSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { type GuardedProcess, startGuardedProcess } from '../../../embedded/index.ts'
import type { NodeContainer, NodePod } from './pod.ts'
import type { ProcessSpec } from './pod-environment.ts'
import { type ContainerReport, type ContainerState, willRestart } from './pod-status.ts'
import { watchProbe } from './probe.ts'

export type ContainerDeps = {
  readonly podIP: string
  readonly logFile: string
  /** The pod as it was seen last: it may be being deleted by now. */
  readonly pod: () => NodePod
  readonly prepare: (container: NodeContainer) => Promise<ProcessSpec>
  /** Milliseconds until the nth restart in a row, from 1. */
  readonly restartDelayMs: (restart: number) => number
  readonly onChange: () => void
}

export type ContainerRun = {
  report(): ContainerReport
  /** To the container's process and its children; none of them outlives SIGKILL. */
  signal(signal: NodeJS.Signals): void
  /** SIGTERM, after the grace SIGKILL; resolves when the process is gone. */
  stop(graceSeconds: number): Promise<void>
}

const CONFIG_RETRY_MS = 500

/** Keeps one container running as a child process, until it has ended for good or is stopped. */
export function runContainer(deps: ContainerDeps, container: NodeContainer): ContainerRun {
  const stopping = new AbortController()
  let process: GuardedProcess | undefined
  let report: ContainerReport = {
    name: container.name,
    image: container.image ?? '',
    restartCount: 0,
    ready: false,
    started: false,
    state: { waiting: { reason: 'ContainerCreating' } },
  }
  const tell = (change: Partial<ContainerReport>) => {
    report = { ...report, ...change }
    deps.onChange()
  }
  const looping = loop()

  return {
    report: () => report,
    signal,
    async stop(graceSeconds) {
      stopping.abort()
      if (process) {
        const ended = process.end()
        const waiting = new AbortController()
        const late = delay(graceSeconds * 1_000, 'late', { signal: waiting.signal }).catch(() => 'ended')
        if ((await Promise.race([ended, late])) === 'late') signal('SIGKILL')
        waiting.abort()
      }
      await looping
    },
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      const spec = await deps.prepare(container).catch((error: Error) => error)
      if (stopping.signal.aborted) return
      if (spec instanceof Error) {
        tell({ state: { waiting: { reason: 'CreateContainerConfigError', message: spec.message } } })
        await delay(CONFIG_RETRY_MS, undefined, { signal: stopping.signal }).catch(() => {})
        continue
      }
      const terminated = await runOnce(spec)
      const again = !stopping.signal.aborted && willRestart(deps.pod(), terminated.exitCode)
      if (!again) return tell({ state: { terminated }, ready: false, started: false })
      const restartCount = report.restartCount + 1
      const waitMs = deps.restartDelayMs(restartCount)
      const message = `back-off ${waitMs} ms restarting failed container ${container.name}`
      const state = { waiting: { reason: 'CrashLoopBackOff', message } }
      tell({ restartCount, ready: false, started: false, lastState: { terminated }, state })
      await delay(waitMs, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }

  async function runOnce(spec: ProcessSpec): Promise<NonNullable<ContainerState['terminated']>> {
    const startedAt = new Date().toISOString()
    const log = openSync(deps.logFile, 'a', 0o600)
    const running = startGuardedProcess({ ...spec, output: log, graceSeconds: graceOf(deps.pod()) })
    closeSync(log)
    process = running
    const { startupProbe, readinessProbe, livenessProbe } = container
    const probing = new AbortController()
    const probe = (which: typeof startupProbe, onChange: (succeeds: boolean) => void) =>
      which && void watchProbe(which, container, deps.podIP, onChange, probing.signal)
    const started = () => {
      tell({ state: { running: { startedAt } }, started: true, ready: !readinessProbe })
      probe(readinessProbe, (ready) => tell({ ready }))
      probe(livenessProbe, (succeeds) => succeeds || void running.end())
    }
    if (startupProbe) {
      tell({ state: { running: { startedAt } } })
      probe(startupProbe, (succeeds) => (succeeds ? report.started || started() : void running.end()))
    } else started()
    const exitCode = await running.ended
    probing.abort()
    process = undefined
    const reason = exitCode === 0 ? 'Completed' : 'Error'
    return { exitCode, reason, startedAt, finishedAt: new Date().toISOString() }
  }

  function signal(name: NodeJS.Signals): void {
    const guardian = process?.child.pid
    if (guardian === undefined) return
    try {
      // The guardian and what it guards are one process group.
      globalThis.process.kill(-guardian, name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

/** Seconds, 1 or more: a guardian knows whole seconds only. */
export function graceOf({ metadata, spec }: NodePod): number {
  return Math.max(1, metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30)
}
