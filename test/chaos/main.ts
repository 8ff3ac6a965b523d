/** `npm run chaos`. Ends with 1 when anything was lost, doubled or disordered, or took too long to come back. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseOptions, USAGE } from './options.ts'
import { failuresOf, figuresOf, tableOf } from './report.ts'
import { runChaos } from './run.ts'
import { SCENARIOS } from './scenarios/index.ts'

/** An outage of any kind is over this long after its cause. */
const RECOVERY_LIMIT_S = 30
const SHOWN = 40

async function main(): Promise<boolean> {
  const names = SCENARIOS.map(({ name }) => name)
  const options = parseOptions(process.argv.slice(2), names, Math.random)
  if (options.help) {
    console.log(`${USAGE}\nScenarios: ${names.join(', ')}`)
    return true
  }
  const folder = mkdtempSync(join(tmpdir(), 'warren-chaos-'))
  console.log(`seed ${options.seed}, data and logs in ${folder}`)
  const { only, minutes, ...numbers } = options
  const result = await runChaos({
    ...numbers,
    ...(only ? { only } : {}),
    contacts: 4,
    width: Math.max(1, Math.ceil(options.sessions / 2)),
    leaseSeconds: 15,
    longestOutageMs: 25_000,
    pauseMs: 8_000,
    longestMs: minutes * 60_000,
    settleMs: 120_000,
    folder,
    env: process.env,
    onProgress: (line) => console.log(line),
  })
  const figures = figuresOf(result)
  const failures = failuresOf(result, RECOVERY_LIMIT_S)
  console.log(`\n${tableOf(result)}\n`)
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(24)} ${value}`)
  console.log(
    `\n${result.commits} commits of ${result.epochs} holders; ${result.writtenTwice} messages written to WhatsApp again under their id;`,
    `${result.repeatedRequests} requests repeated, ${result.resumedStreams} streams resumed; ${Math.round(result.seconds)} s on ${result.origins}`,
  )
  if (options.json)
    writeFileSync(options.json, `${JSON.stringify({ ...figures, scenarios: result.faults }, undefined, 2)}\n`)
  writeFileSync(join(folder, 'result.json'), JSON.stringify(result, undefined, 2))
  for (const failure of failures.slice(0, SHOWN)) console.log(`✖ ${failure}`)
  if (failures.length > SHOWN) console.log(`… and ${failures.length - SHOWN} more, in ${folder}/result.json`)
  if (failures.length > 0)
    console.log(`\nLogs and data are in ${folder}; repeat the plan with --seed ${options.seed}`)
  else if (!options.keep) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  return failures.length === 0
}

try {
  process.exitCode = (await main()) ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error)
  process.exitCode = 1
}
process.exit()
