/** From the moment in which the server sends a message to a session to its event at a client of the API's stream. */
import { get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Measurement } from '../figure.ts'
import { percentile } from '../stats.ts'
import { warrenSessions } from '../subjects/warren.ts'
import type { World } from '../world.ts'
import { CONTACTS } from './accounts.ts'
import { untilActive } from './active.ts'
import { startApi, type TenantApi } from './api.ts'
import { openLoop } from './open-loop.ts'

const PER_SECOND = 200
const WARM_UP_SECONDS = 5
/** After the last message; later is lost. */
const PATIENCE_MS = 10_000

export type LiveOptions = { readonly bundle: string; readonly seconds: number; readonly rounds: number }

export async function measureLive(world: World, options: LiveOptions): Promise<Measurement> {
  const { bundle, seconds, rounds } = options
  const api = await startApi(world)
  const account = world.newAccount()
  const session = warrenSessions(world, account, bundle, api.organization)
  await world.simulator.phones.create({ number: account })
  await session.pair()
  const pod = await session.spawn()
  await untilActive(world, pod)
  const arrivals = await openStream(api)

  async function burst(count: number): Promise<number[]> {
    const sent = new Map<string, number>()
    await openLoop({ count, perSecond: PER_SECOND }, async (index) => {
      const contact = CONTACTS[index % CONTACTS.length] ?? ''
      const { id } = await world.simulator.contacts.send(contact, { to: account, text: `message ${index}` })
      // The simulator resolves in the turn in which it wrote the stanza.
      sent.set(id, performance.now())
    })
    const deadline = performance.now() + PATIENCE_MS
    while ([...sent.keys()].some((id) => !arrivals.has(id))) {
      if (performance.now() > deadline)
        throw new Error('events of received messages did not reach the stream')
      await Promise.race([delay(20), pod.died, api.died])
    }
    return [...sent].map(([id, at]) => (arrivals.get(id) ?? 0) - at)
  }

  const p50: number[] = []
  const p99: number[] = []
  await burst(Math.min(seconds, WARM_UP_SECONDS) * PER_SECOND)
  for (let round = 0; round < rounds; round++) {
    const times = await burst(seconds * PER_SECOND)
    p50.push(percentile(times, 0.5))
    p99.push(percentile(times, 0.99))
    world.say(`  round ${round + 1} live: p50 ${p50.at(-1)?.toFixed(1)} ms, p99 ${p99.at(-1)?.toFixed(1)} ms`)
  }
  await pod.stop()
  await api.stop()
  return {
    figures: [
      {
        ...{
          title: 'Message at the session to event at an SSE client',
          unit: 'ms',
          digits: 1,
          values: { p50, p99 },
        },
        absolute: { key: 'live_p99_ms', of: 'p99', target: { below: 50 } },
      },
    ],
    remarks: [
      `${PER_SECOND} messages a second for ${seconds} s a round, through one session pod, whose journal has each before it is told on, Redis and the API's web role. Sealing the messages, the streams client and the clock share one process.`,
    ],
  }
}

/** Opens the organisation's stream; resolves with when each received message was told, by its id. */
async function openStream({ url, token }: TenantApi): Promise<ReadonlyMap<string, number>> {
  const arrivals = new Map<string, number>()
  const open = Promise.withResolvers<void>()
  const headers = { authorization: `Bearer ${token}` }
  get(`${url}/events`, { headers, agent: false }, (answer) => {
    if (answer.statusCode !== 200) open.reject(new Error(`/events was answered ${answer.statusCode}`))
    open.resolve()
    let rest = ''
    answer.setEncoding('utf8').on('data', (part: string) => {
      const at = performance.now()
      const lines = (rest + part).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (!line.startsWith('data:')) continue
        const { type, data } = JSON.parse(line.slice(5))
        if (type === 'message.received') arrivals.set(data.message.id, at)
      }
    })
    // Ends with the API.
    answer.on('error', () => {})
  }).on('error', open.reject)
  await open.promise
  return arrivals
}
