import { type SessionKey, sessionKeyOf } from '@warren/contracts'
/** How long a tenant waits until a send is accepted, at a constant rate of requests. */
import type { Measurement } from '../figure.ts'
import { percentile } from '../stats.ts'
import type { World } from '../world.ts'
import { CONTACTS } from './accounts.ts'
import { startApi } from './api.ts'
import { openLoop } from './open-loop.ts'

const PER_SECOND = 100
const WARM_UP_SECONDS = 5

export type RestOptions = { readonly seconds: number; readonly rounds: number }

export async function measureRest(world: World, { seconds, rounds }: RestOptions): Promise<Measurement> {
  const api = await startApi(world)
  const instance = (await api.call<{ id: string }>('POST', '/instances', 201, {})).id
  const path = `/instances/${instance}/messages`

  const p50: number[] = []
  const p95: number[] = []
  const accepted: string[] = []
  const send = async (index: number) => {
    const body = { to: CONTACTS[index % CONTACTS.length], type: 'text', text: `message ${index}` }
    accepted.push((await api.call<{ id: string }>('POST', path, 202, body)).id)
  }
  await openLoop({ count: Math.min(seconds, WARM_UP_SECONDS) * PER_SECOND, perSecond: PER_SECOND }, send)
  for (let round = 0; round < rounds; round++) {
    const times = await openLoop({ count: seconds * PER_SECOND, perSecond: PER_SECOND }, send)
    p50.push(percentile(times, 0.5))
    p95.push(percentile(times, 0.95))
    world.say(`  round ${round + 1} rest: p50 ${p50.at(-1)?.toFixed(1)} ms, p95 ${p95.at(-1)?.toFixed(1)} ms`)
  }
  await assertQueued(world, sessionKeyOf({ organization: api.organization, instance }), accepted)
  await api.stop()

  return {
    figures: [
      {
        ...{ title: 'REST accept of a send', unit: 'ms', digits: 1, values: { p50, p95 } },
        absolute: { key: 'rest_accept_p95_ms', of: 'p95', target: { below: 20 } },
      },
    ],
    remarks: [
      `${PER_SECOND} requests a second for ${seconds} s a round, sent when they are due whatever the answers do, each timed from when it was due to the end of its answer. The API's web role ran in its own process with MongoDB, Redis, authentication and rate limits; every accepted message was then found in the send queue.`,
    ],
  }
}

/** An answer that came early is worth nothing when the message is not there. */
async function assertQueued(world: World, session: SessionKey, ids: readonly string[]): Promise<void> {
  if (new Set(ids).size !== ids.length) throw new Error('two sends were given the same message id')
  for (const id of ids) {
    if (!(await world.store.get(session, id)))
      throw new Error(`the accepted message ${id} is not in the queue`)
  }
}
