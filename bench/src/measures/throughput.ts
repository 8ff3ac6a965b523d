/** Messages a second out and in: bare Baileys, the same with a session pod's process settings, and a session pod; in turn in each round. */
import type { Figure, Measurement } from '../figure.ts'
import { bareSessions } from '../subjects/bare.ts'
import { SESSION_SETTINGS } from '../subjects/process-settings.ts'
import type { Subject, Variant } from '../subjects/subject.ts'
import { warrenSessions } from '../subjects/warren.ts'
import type { World } from '../world.ts'
import { CONTACTS } from './accounts.ts'
import { untilActive } from './active.ts'
import { receiveBurst, sendBurst } from './traffic.ts'

export type ThroughputOptions = {
  readonly bundle: string
  readonly rounds: number
  readonly messages: number
}

const RATIOS = (name: string) => [
  { key: `${name}_ratio`, of: 'warren', over: 'bare', target: { atLeast: 1 } },
  { key: `${name}_ratio_tuned`, of: 'warren', over: 'tuned', target: { atLeast: 0.9 } },
]

export async function measureThroughput(world: World, options: ThroughputOptions): Promise<Measurement> {
  const { rounds, messages, bundle } = options
  const { say } = world
  const factories = [
    bareSessions(world, world.newAccount(), undefined),
    bareSessions(world, world.newAccount(), SESSION_SETTINGS),
    warrenSessions(world, world.newAccount(), bundle),
  ]
  const subjects: Subject[] = []
  for (const factory of factories) {
    await world.simulator.phones.create({ number: factory.account })
    await factory.pair()
    const subject = await factory.spawn()
    await untilActive(world, subject)
    await warmUp(world, subject, messages)
    subjects.push(subject)
    say(`  ${subject.variant} is linked, open and warm`)
  }

  const rates = { out: emptyValues(), in: emptyValues() }
  const cpu = { out: emptyValues(), in: emptyValues() }
  for (let round = 0; round < rounds; round++) {
    // The order changes from round to round, so that no variant always comes first.
    const order = subjects.map((_, index) => subjects[(index + round) % subjects.length] as Subject)
    for (const direction of ['out', 'in'] as const) {
      const burst = direction === 'out' ? sendBurst : receiveBurst
      for (const subject of order) {
        const { rate, cpuMsEach } = await burst(world, subject, messages)
        rates[direction][subject.variant].push(rate)
        cpu[direction][subject.variant].push(cpuMsEach)
        say(
          `  round ${round + 1} ${direction}: ${subject.variant} ${rate.toFixed(0)}/s, ${cpuMsEach.toFixed(2)} ms each`,
        )
      }
    }
  }
  for (const subject of subjects) await subject.stop()

  const figure = (title: string, values: Figure['values'], more: Partial<Figure>): Figure => ({
    ...{ title, unit: 'messages/s', digits: 0, values },
    ...more,
  })
  const cpuUnit = { unit: 'ms', digits: 2 }
  return {
    figures: [
      figure('Sending', rates.out, { ratios: RATIOS('out') }),
      figure('Receiving', rates.in, { ratios: RATIOS('in') }),
      figure('Processor time of the session process per message sent', cpu.out, cpuUnit),
      figure('Processor time of the session process per message received', cpu.in, cpuUnit),
    ],
    remarks: [
      `A round is ${messages} texts to ${CONTACTS.length} contacts and as many from them, for each variant in turn. Sending is clocked from the first to the last message that the server accepted, receiving from the moment in which the server releases all of them to the last acknowledgement. In each round the server's ledger was compared with what was sent and received: nothing lost, nothing twice, no chat out of order.`,
      'Contacts confirm the delivery of each message, as phones do; for Warren that is one more journal entry a message. Texts were in the send queue before the clock started, with the pod stopped meanwhile: accepting them is measured by itself.',
    ],
  }
}

/** Signal sessions both ways with every contact, and code that has been compiled. */
async function warmUp(world: World, subject: Subject, messages: number): Promise<void> {
  const count = Math.max(CONTACTS.length, Math.min(200, messages))
  for (const burst of [receiveBurst, sendBurst, receiveBurst, sendBurst]) await burst(world, subject, count)
}

function emptyValues(): Record<Variant, number[]> {
  return { bare: [], tuned: [], warren: [] }
}
