/** One run: everything is started, accounts are linked, messages flow, faults strike, and in the end all must agree. */

import { loadavg } from 'node:os'
import type { Findings } from './check/agreement.ts'
import { settled } from './check/collect.ts'
import { watchHistory } from './check/watch-history.ts'
import { type PlannedFault, planOf } from './plan.ts'
import { createRandom } from './random.ts'
import type { FaultResult, RunResult } from './report.ts'
import { type Scenario, scenariosFor } from './scenarios/index.ts'
import { linkAccounts } from './stack/link-accounts.ts'
import { OWNER } from './stack/names.ts'
import type { Session } from './stack/session.ts'
import { type Stack, startStack } from './stack/stack.ts'
import { startConsumer } from './traffic/consumer.ts'
import { createProbe, type Probe } from './traffic/probe.ts'
import { createSentLog } from './traffic/record.ts'
import { signIn } from './traffic/rest.ts'
import { startTraffic } from './traffic/traffic.ts'

export type RunOptions = {
  readonly seed: number
  readonly messages: number
  readonly faults: number
  readonly sessions: number
  readonly contacts: number
  /** Faults of single sessions at the same time. */
  readonly width: number
  readonly leaseSeconds: number
  readonly longestOutageMs: number
  readonly pauseMs: number
  /** Only these scenarios; all when absent. */
  readonly only?: readonly string[]
  /** No new wave begins after this, in milliseconds. */
  readonly longestMs: number
  /** What is still missing after this is lost, in milliseconds. */
  readonly settleMs: number
  readonly folder: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly onProgress: (line: string) => void
}

/** A session that does not work after this has not recovered. */
const RECOVERY_MS = 60_000

export async function runChaos(options: RunOptions): Promise<RunResult> {
  const stack = await startStack(options)
  try {
    return await runOn(stack, options)
  } finally {
    await stack.stop()
  }
}

async function runOn(stack: Stack, options: RunOptions): Promise<RunResult> {
  const { seed, onProgress } = options
  const known = scenariosFor(stack.mongo.ours)
  const scenarios = known.filter(({ name }) => options.only?.includes(name) ?? true)
  const waves = planOf({ ...options, scenarios })
  const rest = await signIn(stack.url, OWNER)
  const consumer = await startConsumer(stack.url, rest.token)
  const history = watchHistory(stack)
  const groups = await linkAccounts(stack)
  const { simulator, sessions } = stack
  const log = createSentLog()
  const traffic = await startTraffic({ ...options, sessions, groups, simulator, rest, log })
  const probe = createProbe({ simulator, rest, consumer, log })

  const results: FaultResult[] = []
  const startedMs = performance.now()
  for (const wave of waves) {
    if (performance.now() - startedMs > options.longestMs) break
    await Promise.all(
      wave.map(async (fault) => {
        const before = log.count()
        const result = await strike({ stack, scenarios, probe }, fault)
        results.push({ ...result, messages: log.count() - before })
        onProgress(`${results.length}/${options.faults} ${lineOf(result)}, ${log.count()} messages`)
      }),
    )
  }
  traffic.hurry()
  while (log.count() < options.messages && performance.now() - startedMs < options.longestMs)
    await new Promise((resolve) => setTimeout(resolve, 100))
  await Promise.all([traffic.stop(), probe.settled()])
  onProgress(`all ${log.count()} messages are on their way; comparing`)

  const findings = await Promise.all(
    sessions.map((session) =>
      settled(
        { stack, rest, consumer },
        session,
        log.all.filter(({ instance }) => instance === session.instance),
        options.settleMs,
      ),
    ),
  )
  const { problems, commits, epochs } = await history.finish()
  const { entries } = await simulator.ledger.read({ direction: 'fromSession' })
  const all = (kind: keyof Findings) => findings.flatMap((one) => one[kind])
  rest.stop()
  await consumer.stop()
  return {
    seed,
    messages: log.count(),
    out: log.all.filter(({ direction }) => direction === 'out').length,
    faults: results,
    lost: all('lost'),
    duplicated: all('duplicated'),
    reordered: all('reordered'),
    wrong: [...all('wrong'), ...traffic.errors.map(String)],
    history: problems,
    commits,
    epochs,
    writtenTwice: entries.filter((entry) => entry.direction === 'fromSession' && entry.attempts > 1).length,
    repeatedRequests: rest.repeated(),
    resumedStreams: consumer.resumed(),
    seconds: (performance.now() - startedMs) / 1000,
    origins: stack.origins,
    load: loadavg()[1] ?? 0,
  }
}

type Striking = { readonly stack: Stack; readonly scenarios: readonly Scenario[]; readonly probe: Probe }

/** One fault, and how long what it struck took to work again. */
async function strike(
  { stack, scenarios, probe }: Striking,
  { scenario: name, session: index, seed }: PlannedFault,
): Promise<Omit<FaultResult, 'messages'>> {
  const scenario = scenarios.find((one) => one.name === name)
  if (!scenario) throw new Error(`there is no scenario ${name}`)
  const struck = index === undefined ? stack.sessions : stack.sessions.slice(index, index + 1)
  const about = { scenario: name, seed, ...(index === undefined ? {} : { session: index + 1 }) }
  try {
    const { what, endedMs } = await scenario.strike(stack, struck, createRandom(seed))
    const recoveries = await Promise.all(struck.map((session) => probe.ask(session, endedMs + RECOVERY_MS)))
    const times = recoveries.map(({ outMs, inMs }) => ({
      out: outMs === undefined ? Number.POSITIVE_INFINITY : outMs - endedMs,
      in: inMs === undefined ? Number.POSITIVE_INFINITY : inMs - endedMs,
    }))
    return {
      ...about,
      what,
      recoveryMs: times.map((time) => Math.max(time.out, time.in)),
      slowest: slowestOf(struck, times),
    }
  } catch (error) {
    return {
      ...about,
      what: `could not be done: ${(error as Error).message}`,
      recoveryMs: [Number.POSITIVE_INFINITY],
    }
  }
}

/** Where a slow recovery is to be looked into: the session and direction that came last. */
function slowestOf(
  sessions: readonly Session[],
  times: readonly { readonly out: number; readonly in: number }[],
): string {
  const ways = times.flatMap((time, index) => [
    { name: `${sessions[index]?.instance} out`, ms: time.out },
    { name: `${sessions[index]?.instance} in`, ms: time.in },
  ])
  return ways.reduce((last, one) => (one.ms > last.ms ? one : last)).name
}

function lineOf({ scenario, session, what, recoveryMs, slowest }: Omit<FaultResult, 'messages'>): string {
  const longest = Math.max(...recoveryMs)
  const recovery = Number.isFinite(longest)
    ? `works after ${(longest / 1000).toFixed(1)} s`
    : 'did not recover'
  const last = slowest === undefined ? '' : ` (last ${slowest})`
  return `${scenario}${session === undefined ? '' : ` s${session}`}: ${what}; ${recovery}${last}`
}
