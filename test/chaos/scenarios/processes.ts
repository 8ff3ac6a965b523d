/** Processes of sessions that are killed, frozen or doubled, and their hold on the account taken away. */
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '@warren/runtime/testing'
import type { Random } from '../random.ts'
import { isAlive, signal } from '../stack/processes.ts'
import { killPod, type Rival, type Session } from '../stack/session.ts'
import type { Stack } from '../stack/stack.ts'
import { onSession, seconds } from './scenario.ts'

/** A holder ends itself within this, once it finds that it is none any more. */
const ENDS_WITHIN_MS = 20_000
/** On a machine that is busy with everything else. */
const STARTS_WITHIN_MS = 45_000

/** Ends the rival and lets the pod have the session again. */
async function dismiss(rival: Rival, random: Random): Promise<string> {
  const how = random.pick(['SIGTERM', 'SIGKILL'] as const)
  rival.kill(how)
  await rival.ended
  return how
}

/** Two processes want one account; which of them gets it when its holder dies is open. */
async function doubled(stack: Stack, session: Session, random: Random, podName: string): Promise<string> {
  const rival = session.startRival(podName)
  try {
    await delay(random.int(500, 3_000))
    const epoch = (await session.doc())?.epoch ?? 0
    await killPod(session)
    await session.takenOver(epoch, stack.leaseMs + STARTS_WITHIN_MS)
    await delay(random.int(200, 2_000))
    return `a rival named ${podName} was there when its holder was killed, until ${await dismiss(rival, random)}`
  } finally {
    rival.kill('SIGKILL')
  }
}

export const PROCESS_SCENARIOS = [
  onSession('session-killed', async (_stack, session) => {
    await killPod(session)
    return 'SIGKILL'
  }),

  onSession('session-frozen', async (_stack, session, random) => {
    const pid = session.pid()
    const ms = random.int(500, 4_000)
    signal(pid, 'SIGSTOP')
    await delay(ms)
    signal(pid, 'SIGCONT')
    return `SIGSTOP for ${seconds(ms)}, shorter than its lease`
  }),

  onSession('session-overslept', async (stack, session, random) => {
    const pid = session.pid()
    const ms = stack.leaseMs + random.int(500, 3_000)
    signal(pid, 'SIGSTOP')
    await delay(ms)
    signal(pid, 'SIGCONT')
    return `SIGSTOP for ${seconds(ms)}, longer than its lease`
  }),

  onSession('session-replaced-while-frozen', async (stack, session, random) => {
    const pid = session.pid()
    signal(pid, 'SIGSTOP')
    const rival = session.startRival('replacement')
    try {
      await rival.holds(stack.leaseMs + STARTS_WITHIN_MS)
      await delay(random.int(500, 3_000))
      signal(pid, 'SIGCONT')
      await until(() => pid === undefined || !isAlive(pid), {
        timeoutMs: ENDS_WITHIN_MS,
        describe: `the end of the old holder of ${session.instance}`,
      })
      return `its successor held the session when it woke, and was ended by ${await dismiss(rival, random)}`
    } finally {
      signal(pid, 'SIGCONT')
      rival.kill('SIGKILL')
    }
  }),

  onSession('rival-of-the-same-name', (stack, session, random) =>
    doubled(stack, session, random, session.instance.slice('default.'.length)),
  ),

  onSession('rival-of-another-name', (stack, session, random) => doubled(stack, session, random, 'another')),

  onSession('lease-deleted', async (_stack, session, random) => {
    const rival = random.chance(0.5) ? session.startRival('waiting') : undefined
    try {
      if (rival) await delay(1_500)
      await session.deleteDoc()
      if (!rival) return 'the document is gone'
      await session.takenOver(0, STARTS_WITHIN_MS)
      return `the document is gone and two processes wanted it, until ${await dismiss(rival, random)}`
    } finally {
      rival?.kill('SIGKILL')
    }
  }),

  onSession('folder-removed', async (_stack, session, random) => {
    session.removeFolder()
    await delay(random.int(200, 1_500))
    if (random.chance(0.5)) return 'its folder is gone'
    await killPod(session)
    return 'its folder is gone, then SIGKILL'
  }),

  onSession('clock-jumped', async (_stack, session, random) => {
    const hours = random.pick([-48, -2, -0.02, 0.02, 2, 48, 24 * 20])
    session.shiftClock(hours * 3_600_000)
    await delay(random.int(1_000, 4_000))
    const killed = random.chance(0.5)
    if (killed) await killPod(session)
    await delay(random.int(500, 2_000))
    session.shiftClock(0)
    return `${hours} h for a while${killed ? ', and SIGKILL meanwhile' : ''}`
  }),
]
