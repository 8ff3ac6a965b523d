/** Memory of a connected session process that has nothing to do, bare and unbundled against a session pod. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Measurement } from '../figure.ts'
import { canReadProcesses, memoryMb } from '../process-stats.ts'
import type { Subject, SubjectFactory } from '../subjects/subject.ts'
import type { World } from '../world.ts'
import { untilActive } from './active.ts'

export type IdleOptions = { readonly factories: readonly SubjectFactory[]; readonly settleMs: number }

/** All at once, started in turn; each is read when it has been open for `settleMs`. */
export async function measureIdle(world: World, { factories, settleMs }: IdleOptions): Promise<Measurement> {
  if (!canReadProcesses)
    return {
      figures: [],
      remarks: ['Idle memory is read from /proc, which this system does not have: not measured.'],
    }
  const rss: Record<string, number[]> = { bare: [], warren: [] }
  const privateMb: Record<string, number[]> = { bare: [], warren: [] }
  const subjects: Subject[] = []
  const readings: Promise<void>[] = []
  for (const factory of factories) {
    const subject = await factory.spawn()
    subjects.push(subject)
    await untilActive(world, subject)
    readings.push(
      Promise.race([delay(settleMs), subject.died]).then(() => {
        const memory = memoryMb(subject.pid)
        rss[subject.variant]?.push(memory.rss)
        privateMb[subject.variant]?.push(memory.privateMb)
        world.say(
          `  idle: ${subject.variant} ${memory.rss.toFixed(1)} MB resident, ${memory.privateMb.toFixed(1)} private`,
        )
      }),
    )
  }
  await Promise.all(readings)
  await Promise.all(subjects.map((subject) => subject.stop()))

  const unit = { unit: 'MB', digits: 1 }
  return {
    figures: [
      {
        ...{ title: 'Resident memory, idle', values: rss, ...unit },
        ratios: [{ key: 'idle_rss_ratio', of: 'warren', over: 'bare', target: { atMost: 0.7 } }],
      },
      {
        ...{ title: 'Private memory, idle', values: privateMb, ...unit },
        absolute: { key: 'idle_private_mb', of: 'warren', target: { atMost: 25 } },
      },
    ],
    remarks: [
      `Memory was read ${settleMs / 1000} s after each session was open, with all of them connected; every session holds the 800 or so one-time keys that a new session makes. Resident memory counts the shared pages of the Node binary in full, private memory counts none of them.`,
    ],
  }
}
