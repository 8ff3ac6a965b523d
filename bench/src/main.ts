/**
 * `npm run bench`: measures, prints, and writes the page.
 *
 * Exit codes: 0 measured · 1 failed · 2 wrong arguments · 3 beyond a bound, with `--check` · 130 interrupted.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundleSession } from '@warren/session-pod/bundle'
import { beyondBounds } from './bounds/beyond-bounds.ts'
import { OPERATOR_BOUNDS } from './bounds/operator.ts'
import { type Measurement, mediansOf } from './figure.ts'
import { machineFacts } from './machine.ts'
import { measureIdle } from './measures/idle.ts'
import { measureLive } from './measures/live.ts'
import { measureOpen } from './measures/open.ts'
import { measureOperator } from './measures/operator.ts'
import { measureRest } from './measures/rest.ts'
import { linkSessions } from './measures/sessions.ts'
import { measureStorm } from './measures/storm.ts'
import { measureThroughput } from './measures/throughput.ts'
import { type Options, PAGE_PARTS, type Part, parseOptions, USAGE } from './options.ts'
import { pageOf } from './report/page.ts'
import { tableOf } from './report/table.ts'
import { createStops } from './stops.ts'
import { startWorld, type World } from './world.ts'

const PAGE = join(import.meta.dirname, '../../docs/reference/performance.md')

function readOptions(): Options {
  try {
    return parseOptions(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`)
    process.exit(2)
  }
}

type Done = Measurement & { readonly part: Part }

async function measure(world: World, options: Options, bundle: string): Promise<Done[]> {
  const { parts, rounds, messages, settleMs, openRounds, processes, seconds } = options
  const done: Done[] = []
  const part = async (name: Part, run: () => Promise<Measurement>) => {
    if (!parts.includes(name)) return
    world.say(`${name} …`)
    done.push({ part: name, ...(await run()) })
  }
  await part('throughput', () => measureThroughput(world, { bundle, rounds, messages }))
  if (parts.includes('idle') || parts.includes('open')) {
    world.say('linking sessions …')
    const factories = await linkSessions(world, bundle, parts.includes('idle') ? processes : 1)
    await part('idle', () => measureIdle(world, { factories, settleMs }))
    await part('open', () => measureOpen(world, { factories: factories.slice(0, 2), rounds: openRounds }))
  }
  const latency = { seconds, rounds: Math.min(rounds, 3) }
  await part('rest', () => measureRest(world, latency))
  await part('live', () => measureLive(world, { bundle, ...latency }))
  const { sessions, outageSeconds } = options
  await part('storm', () => measureStorm(world, { bundle, sessions, outageSeconds }))
  const { instances: sizes, operatorRounds, operatorSeconds, profile } = options
  await part('operator', () =>
    measureOperator(world, { sizes, rounds: operatorRounds, ...operatorSeconds, profile }),
  )
  return done
}

function report(world: World, options: Options, done: readonly Done[]): void {
  const { parts, quick, json, check } = options
  const figures = done.flatMap((measurement) => measurement.figures)
  process.stdout.write(`\n${tableOf(figures)}\n\n`)
  const medians = mediansOf(figures)
  // Bounds are those of a full run: short ones measure the start of things.
  const beyond = quick ? [] : beyondBounds(medians, OPERATOR_BOUNDS)
  for (const line of beyond) world.say(line)
  if (check && beyond.length > 0) process.exitCode = 3
  if (json) writeFileSync(json, `${JSON.stringify(medians, undefined, 2)}\n`)
  if (quick || !PAGE_PARTS.every((part) => parts.includes(part))) return
  const told = done.filter(({ part }) => PAGE_PARTS.includes(part))
  const page = pageOf(told, {
    at: new Date(),
    command: ['npm run bench', ...(process.argv.length > 2 ? ['--'] : []), ...process.argv.slice(2)].join(
      ' ',
    ),
    machine: machineFacts(),
    mongo: world.mongo.origin,
    redis: world.redis.origin,
    remarks: remarksOn(world),
  })
  writeFileSync(PAGE, page)
  world.say(`written: ${PAGE}`)
}

function remarksOn({ mongo }: World): string[] {
  const database = {
    given: ['MongoDB is the one that MONGODB_URI names; where it runs decides how much it disturbs.'],
    mongod: [],
    rust: [
      'No mongod was found: SecantusDB, a server of the same protocol written in Rust, took its place. It writes through to disk at each commit, as Warren asks of MongoDB.',
    ],
    python: [
      'No mongod and no cargo were found: the Python server of SecantusDB took its place. It is slower than Warren: throughput and REST figures are those of the database.',
    ],
  } as const
  return [
    'The simulator is in the process that drives the run, which has nothing else to do while a figure is taken.',
    ...database[mongo.kind],
    'The session pod is the bundle that images carry.',
  ]
}

const options = readOptions()
if (options.help) {
  process.stdout.write(USAGE)
  process.exit(0)
}
const say = (line: string) => process.stderr.write(`${line}\n`)
const stops = createStops((error) => say(`did not stop cleanly: ${error}`))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    say('stopping …')
    process.exitCode = 130
    void stops.run().then(() => process.exit())
  })
}
try {
  const world = await startWorld(stops, say)
  const bundle = await bundleSession(join(world.folder, 'session'))
  report(world, options, await measure(world, options, bundle))
} catch (error) {
  // When it was interrupted, errors are what the stopping looks like from here.
  if (process.exitCode !== 130) {
    say(`\nbench failed: ${error instanceof Error ? error.message : error}`)
    process.exitCode = 1
  }
} finally {
  await stops.run()
}
// Sockets and timers of stopped things may linger.
process.exit()
