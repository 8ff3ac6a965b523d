/** Replicas of the API, the operator, and everything at once. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../random.ts'
import type { Replica } from '../stack/api-tier.ts'
import { signal } from '../stack/processes.ts'
import type { Stack } from '../stack/stack.ts'
import { onAll, seconds } from './scenario.ts'

/** One of them or both. */
function some(replicas: readonly Replica[], random: Random): readonly Replica[] {
  return random.chance(0.3) ? replicas : [random.pick(replicas)]
}
const names = (replicas: readonly Replica[]) => replicas.map(({ program }) => program.name).join(' and ')

function killed(replicas: readonly Replica[], random: Random): string {
  const struck = some(replicas, random)
  for (const { program } of struck) program.kill('SIGKILL')
  return `SIGKILL of ${names(struck)}`
}

async function frozen(replicas: readonly Replica[], random: Random): Promise<string> {
  const struck = some(replicas, random)
  const ms = random.int(500, 6_000)
  for (const { program } of struck) program.kill('SIGSTOP')
  await delay(ms)
  for (const { program } of struck) program.kill('SIGCONT')
  return `SIGSTOP of ${names(struck)} for ${seconds(ms)}`
}

async function cutOff({ webs, workers }: Stack, random: Random): Promise<string> {
  const [struck, which, kind] = [
    some(random.pick([webs, workers]), random),
    random.pick(['mongo', 'redis'] as const),
    random.pick(['refuse', 'hold'] as const),
  ]
  const ms = random.int(500, 6_000)
  for (const replica of struck) replica[which].set({ kind })
  await delay(ms)
  for (const replica of struck) replica[which].set({ kind: 'pass' })
  return `${names(struck)} without ${which} (${kind}) for ${seconds(ms)}`
}

export const TIER_SCENARIOS = [
  onAll('web-killed', async ({ webs }, random) => killed(webs, random)),
  onAll('web-frozen', ({ webs }, random) => frozen(webs, random)),
  onAll('worker-killed', async ({ workers }, random) => killed(workers, random)),
  onAll('worker-frozen', ({ workers }, random) => frozen(workers, random)),
  onAll('api-cut-off', cutOff),
  onAll('operator-killed', async ({ operator }) => {
    operator.kill('SIGKILL')
    return 'SIGKILL; on one machine its sessions end with it'
  }),
  onAll('everything-killed', async ({ webs, workers, sessions, operator }) => {
    for (const { pid } of sessions) signal(pid(), 'SIGKILL')
    for (const { program } of [...webs, ...workers]) program.kill('SIGKILL')
    operator.kill('SIGKILL')
    return 'SIGKILL of sessions, API and operator'
  }),
]
