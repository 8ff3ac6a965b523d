/** How many sessions come back from a common outage of WhatsApp, how soon, and how many of them ask at the same time. */
import type { Measurement } from '../figure.ts'
import { percentile } from '../stats.ts'
import { busiestSecond, gateOf, type SimulatorGate } from '../storm/outage.ts'
import type { Subject, SubjectFactory } from '../subjects/subject.ts'
import { warrenSessions } from '../subjects/warren.ts'
import type { World } from '../world.ts'
import { untilActive } from './active.ts'

export type StormOptions = {
  readonly bundle: string
  readonly sessions: number
  /** One round each; a long one finds the sessions at their longest waits. */
  readonly outageSeconds: readonly number[]
}

/** Sessions that link or start side by side. */
const HANDS = 4
const POLL_MS = 50
const LATEST_MS = 120_000

export async function measureStorm(world: World, options: StormOptions): Promise<Measurement> {
  const { sessions, outageSeconds } = options
  const gate = await gateOf(world.simulator)
  const forget = world.stops.add(gate.stop)
  const factories = Array.from({ length: sessions }, () =>
    warrenSessions({ ...world, controlUrl: gate.controlUrl }, world.newAccount(), options.bundle),
  )
  const subjects: Subject[] = []
  await sideBySide(factories, async (factory) => {
    subjects.push(await linkAndOpen(world, factory))
    if (subjects.length % 10 === 0) world.say(`  storm: ${subjects.length} sessions are open`)
  })

  const back: Record<string, number[]> = { half: [], last: [] }
  const asked: Record<string, number[]> = { during: [], after: [] }
  for (const seconds of outageSeconds) {
    const { recoveredMs, during, after } = await outage(world, gate, subjects, seconds * 1000)
    const [half, last] = [percentile(recoveredMs, 0.5) / 1000, Math.max(...recoveredMs) / 1000]
    back.half?.push(half)
    back.last?.push(last)
    asked.during?.push(busiestSecond(during))
    asked.after?.push(busiestSecond(after))
    world.say(
      `  storm: ${seconds} s outage, half of ${sessions} back after ${half.toFixed(1)} s, the last after ${last.toFixed(1)} s; ` +
        `at most ${asked.during?.at(-1)} attempts a second meanwhile, ${asked.after?.at(-1)} afterwards`,
    )
  }
  await sideBySide(subjects, (subject) => subject.stop())
  await gate.stop()
  forget()

  const peak = { unit: 'attempts', digits: 0 }
  return {
    figures: [
      {
        ...{ title: `End of an outage to ${sessions} sessions back`, unit: 's', digits: 1, values: back },
        absolute: { key: 'storm_recovery_s', of: 'last', target: { atMost: 30 } },
      },
      {
        ...{ title: `Attempts to connect of ${sessions} sessions, busiest second`, ...peak, values: asked },
        absolute: { key: 'storm_peak_per_s', of: 'after', target: { atMost: sessions / 2 } },
      },
    ],
    remarks: [
      `All connections to WhatsApp were reset at once and new ones refused for ${outageSeconds.join(' and ')} s, one round each. A session is back when the simulator delivers to it. \`during\` counts the attempts from the cut on, \`after\` those from the end of the outage on; a storm would be all sessions in the same second.`,
    ],
  }
}

async function linkAndOpen(world: World, factory: SubjectFactory): Promise<Subject> {
  await world.simulator.phones.create({ number: factory.account })
  await factory.pair()
  const subject = await factory.spawn()
  await untilActive(world, subject)
  return subject
}

async function outage(world: World, gate: SimulatorGate, subjects: readonly Subject[], lengthMs: number) {
  gate.shut()
  await new Promise((resolve) => setTimeout(resolve, lengthMs))
  const openedAt = performance.now()
  gate.open()
  const recoveredMs = await whenBack(world, subjects, openedAt)
  return {
    recoveredMs,
    during: gate.attempts.filter((at) => at < openedAt),
    after: gate.attempts.filter((at) => at >= openedAt),
  }
}

/** Milliseconds from `since` until each was back, in the order in which they came. */
async function whenBack(world: World, subjects: readonly Subject[], since: number): Promise<number[]> {
  const away = new Set(subjects.map(({ account }) => account))
  const times: number[] = []
  const died = Promise.race(subjects.map((subject) => subject.died))
  while (away.size > 0) {
    for (const { number, active } of await world.simulator.sessions.list())
      if (active && away.delete(number)) times.push(performance.now() - since)
    if (performance.now() - since > LATEST_MS)
      throw new Error(`${away.size} of ${subjects.length} sessions were not back after two minutes`)
    await Promise.race([new Promise((resolve) => setTimeout(resolve, POLL_MS)), died])
  }
  return times
}

async function sideBySide<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const left = items.values()
  const hand = async () => {
    for (const item of left) await work(item)
  }
  await Promise.all(Array.from({ length: HANDS }, hand))
}
