/** The figures of a run, for people and for programs. Pure. */

export type FaultResult = {
  readonly scenario: string
  readonly seed: number
  /** From 1; absent when all were struck. */
  readonly session?: number
  readonly what: string
  /** From the end of the fault until each struck session sent and received again; infinite when it did not. */
  readonly recoveryMs: readonly number[]
  /** The session and direction that came back last; absent when the fault could not be made. */
  readonly slowest?: string
  /** That were sent meanwhile, in all sessions. */
  readonly messages: number
}

export type RunResult = {
  readonly seed: number
  readonly messages: number
  /** Of them sent by us. */
  readonly out: number
  readonly faults: readonly FaultResult[]
  readonly lost: readonly string[]
  readonly duplicated: readonly string[]
  readonly reordered: readonly string[]
  readonly wrong: readonly string[]
  /** Contradictions in the history of holders. */
  readonly history: readonly string[]
  readonly commits: number
  readonly epochs: number
  /** Messages that WhatsApp was given more than once under their one id; it shows one. */
  readonly writtenTwice: number
  readonly repeatedRequests: number
  readonly resumedStreams: number
  readonly seconds: number
  readonly origins: string
  /** Of the machine over the last five minutes, in processes that want to run. */
  readonly load: number
}

export type Figures = {
  readonly messages: number
  readonly faults: number
  readonly lost: number
  readonly duplicated: number
  readonly reordered: number
  readonly recovery_p50_s: number
  readonly recovery_p99_s: number
  readonly recovery_max_s: number
  readonly undecryptable_or_wrong: number
  readonly history_contradictions: number
  readonly machine_load: number
  readonly seed: number
}

export function figuresOf(result: RunResult): Figures {
  const recovery = result.faults.flatMap(({ recoveryMs }) => recoveryMs).map((ms) => ms / 1000)
  return {
    messages: result.messages,
    faults: result.faults.length,
    lost: result.lost.length,
    duplicated: result.duplicated.length,
    reordered: result.reordered.length,
    recovery_p50_s: quantile(recovery, 0.5),
    recovery_p99_s: quantile(recovery, 0.99),
    recovery_max_s: quantile(recovery, 1),
    undecryptable_or_wrong: result.wrong.length,
    history_contradictions: result.history.length,
    machine_load: Math.round(result.load * 10) / 10,
    seed: result.seed,
  }
}

/** Why a run failed, as sentences; empty when it passed. */
export function failuresOf(result: RunResult, recoveryLimitS: number): string[] {
  const slow = result.faults.filter(({ recoveryMs }) => Math.max(...recoveryMs) > recoveryLimitS * 1000)
  return [
    ...result.lost,
    ...result.duplicated,
    ...result.reordered,
    ...result.wrong,
    ...result.history,
    ...slow.map(({ scenario, what, recoveryMs, slowest: last }) => {
      const slowest = Math.max(...recoveryMs) / 1000
      const text = Number.isFinite(slowest) ? `took ${slowest.toFixed(1)} s` : 'never ended'
      return `the recovery from ${scenario} (${what}) ${text}${last === undefined ? '' : `, last ${last}`}`
    }),
  ]
}

/** One row a scenario, in columns. */
export function tableOf({ faults }: RunResult): string {
  const rows = [...Map.groupBy(faults, ({ scenario }) => scenario)].sort(([a], [b]) => a.localeCompare(b))
  const cells = rows.map(([scenario, of]) => {
    const recovery = of.flatMap(({ recoveryMs }) => recoveryMs).map((ms) => ms / 1000)
    const messages = of.reduce((sum, one) => sum + one.messages, 0)
    const at = (share: number) => quantile(recovery, share).toFixed(1)
    return [scenario, String(of.length), String(messages), at(0.5), at(0.99)]
  })
  const all = [['scenario', 'faults', 'messages meanwhile', 'recovery p50 s', 'p99 s'], ...cells]
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n')
}

/** The nearest rank; 0 of nothing. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}
