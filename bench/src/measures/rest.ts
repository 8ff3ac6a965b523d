/** How long a tenant waits until a send is accepted, at a constant rate of requests. */
import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import type { Measurement } from '../figure.ts'
import { startProgram } from '../program.ts'
import { percentile } from '../stats.ts'
import type { World } from '../world.ts'
import { CONTACTS } from './accounts.ts'
import { openLoop } from './open-loop.ts'

const PER_SECOND = 100
const WARM_UP_SECONDS = 5
const PROGRAM = join(import.meta.dirname, 'api-program.ts')

export type RestOptions = { readonly seconds: number; readonly rounds: number }

export async function measureRest(world: World, { seconds, rounds }: RestOptions): Promise<Measurement> {
  const api = startProgram({
    name: 'API',
    args: [PROGRAM],
    env: {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: '0',
      MONGODB_URI: world.mongo.uri,
      SESSIONS_DB: world.sessionsDb,
      PLATFORM_DB: world.platformDb,
      REDIS_URL: world.redis.uri,
      JWT_SECRET: randomBytes(32).toString('hex'),
      ALLOW_SIGNUP: 'true',
      BENCH_MEDIA: join(world.folder, 'media'),
      // Counted as in production, with a budget that is not used up.
      RATE_LIMIT_API: '100000000/1',
      RATE_LIMIT_MESSAGES: '100000000/1',
    },
    logFile: join(world.folder, 'api.log'),
    ipc: true,
  })
  const forget = world.stops.add(api.stop)
  const address = new Promise<string>((resolve) => {
    api.child.once('message', (told: { address: string }) => resolve(told.address))
  })
  const agent = new Agent({ keepAlive: true })
  const call = caller(await Promise.race([address, api.died]), agent)
  const { token, instance } = await signUp(call)

  const p50: number[] = []
  const p95: number[] = []
  const accepted: string[] = []
  const send = async (index: number) => {
    const body = { to: CONTACTS[index % CONTACTS.length], type: 'text', text: `message ${index}` }
    accepted.push(
      (await call<{ id: string }>('POST', `/instances/${instance}/messages`, 202, { token, body })).id,
    )
  }
  await openLoop({ count: Math.min(seconds, WARM_UP_SECONDS) * PER_SECOND, perSecond: PER_SECOND }, send)
  for (let round = 0; round < rounds; round++) {
    const times = await openLoop({ count: seconds * PER_SECOND, perSecond: PER_SECOND }, send)
    p50.push(percentile(times, 0.5))
    p95.push(percentile(times, 0.95))
    world.say(`  round ${round + 1} rest: p50 ${p50.at(-1)?.toFixed(1)} ms, p95 ${p95.at(-1)?.toFixed(1)} ms`)
  }
  await assertQueued(world, instance, accepted)
  agent.destroy()
  await api.stop()
  forget()

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

type Call = <T>(
  method: string,
  path: string,
  expected: number,
  more?: { token?: string; body?: object },
) => Promise<T>

/** Requests over kept connections, with Node's plain client: what it costs itself is in the figure. */
function caller(address: string, agent: Agent): Call {
  return (method, path, expected, { token, body } = {}) =>
    new Promise((resolve, reject) => {
      const headers = {
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      }
      const outgoing = request(`${address}/api/v1${path}`, { method, agent, headers }, (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        answer.on('end', () => {
          if (answer.statusCode === expected) resolve(JSON.parse(text))
          else reject(new Error(`${method} ${path} was answered ${answer.statusCode}: ${text}`))
        })
      })
      outgoing.on('error', reject)
      outgoing.end(body && JSON.stringify(body))
    })
}

async function signUp(call: Call): Promise<{ token: string; instance: string }> {
  const owner = {
    email: 'bench@example.org',
    password: randomBytes(18).toString('base64url'),
    organization: 'bench-rest',
  }
  const { accessToken: token } = await call<{ accessToken: string }>('POST', '/auth/register', 201, {
    body: owner,
  })
  const { id } = await call<{ id: string }>('POST', '/instances', 201, {
    token,
    body: { displayName: 'rest' },
  })
  return { token, instance: id }
}

/** An answer that came early is worth nothing when the message is not there. */
async function assertQueued(world: World, instance: string, ids: readonly string[]): Promise<void> {
  if (new Set(ids).size !== ids.length) throw new Error('two sends were given the same message id')
  for (const id of ids) {
    if (!(await world.store.get(instance, id)))
      throw new Error(`the accepted message ${id} is not in the queue`)
  }
}
