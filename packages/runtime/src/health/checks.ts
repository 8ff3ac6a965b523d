import type { Clock } from '../clock/index.ts'

/** One thing that must work. `run` throws or rejects when it does not; what it returns is shown as `detail`. */
export type HealthCheck = {
  name: string
  /** After which it counts as failed; 2000 unless told. */
  timeoutMs?: number
  /** A failure is shown but does not make the process unready: for what it can do without, such as Redis. */
  optional?: boolean
  run(): unknown
}

export type CheckResult = {
  status: 'ok' | 'failed'
  optional?: true
  durationMs: number
  detail?: unknown
  error?: string
}

export type HealthReport = {
  /** `degraded` when only optional checks fail. */
  status: 'ok' | 'degraded' | 'failed'
  timestamp: string
  version: string
  checks: Record<string, CheckResult>
}

/** Runs all checks at once, each within its own time. Never rejects. */
export async function runChecks(
  checks: readonly HealthCheck[],
  { clock, version }: { clock: Clock; version: string },
): Promise<HealthReport> {
  const results = await Promise.all(
    checks.map(async (check) => [check.name, await runCheck(check, clock)] as const),
  )
  const failed = results.map(([, result]) => result).filter((result) => result.status === 'failed')
  const status = failed.some((result) => !result.optional) ? 'failed' : failed.length ? 'degraded' : 'ok'
  return { status, timestamp: clock.now().toISOString(), version, checks: Object.fromEntries(results) }
}

async function runCheck(check: HealthCheck, clock: Clock): Promise<CheckResult> {
  const { run, timeoutMs = 2_000, optional } = check
  const started = clock.monotonicMs()
  const { promise: overrun, reject } = Promise.withResolvers<never>()
  const timer = clock.setTimer(timeoutMs, () => reject(new Error(`no answer within ${timeoutMs} ms`)))
  const common = () => ({
    ...(optional ? { optional } : {}),
    durationMs: Math.round(clock.monotonicMs() - started),
  })
  try {
    const detail = await Promise.race([Promise.try(run), overrun])
    return { status: 'ok', ...common(), ...(detail === undefined ? {} : { detail }) }
  } catch (error) {
    return { status: 'failed', ...common(), error: error instanceof Error ? error.message : String(error) }
  } finally {
    timer.stop()
  }
}
