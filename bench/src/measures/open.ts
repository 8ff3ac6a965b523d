/** From the start of the process to the moment in which WhatsApp delivers, with a session that is linked. */
import type { Measurement } from '../figure.ts'
import type { SubjectFactory } from '../subjects/subject.ts'
import type { World } from '../world.ts'
import { untilActive } from './active.ts'

/** Two factories, one a variant, start in turn and one at a time; the next only when the one before has ended. */
export async function measureOpen(
  world: World,
  options: { factories: readonly SubjectFactory[]; rounds: number },
): Promise<Measurement> {
  const { factories, rounds } = options
  const values: Record<string, number[]> = { bare: [], warren: [] }
  for (let round = 0; round < rounds; round++) {
    for (const factory of round % 2 ? factories.toReversed() : factories) {
      const began = performance.now()
      const subject = await factory.spawn()
      await untilActive(world, subject)
      const tookMs = performance.now() - began
      values[subject.variant]?.push(tookMs)
      world.say(`  round ${round + 1} open: ${subject.variant} ${tookMs.toFixed(0)} ms`)
      await subject.stop()
    }
  }
  return {
    figures: [
      {
        ...{ title: 'Process start to open, linked', unit: 'ms', digits: 0, values },
        ratios: [{ key: 'open_ratio', of: 'warren', over: 'bare', target: { atMost: 1 } }],
      },
    ],
    remarks: [
      'Opening ends when the simulator delivers to the session. A session pod connects to Redis and MongoDB, takes its lease and loads its keys from the database in this time; bare Baileys reads them from a file.',
    ],
  }
}
