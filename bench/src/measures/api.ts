/** The API in its own process, with a tenant that uses it. */
import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { startProgram } from '../program.ts'
import type { World } from '../world.ts'

const PROGRAM = join(import.meta.dirname, 'api-program.ts')
/** Rate limits are counted as in production, with a budget that is not used up. */
const PLENTY = '100000000/1'

export type Call = <T>(method: string, path: string, expected: number, body?: object) => Promise<T>

export type TenantApi = {
  /** `http://host:port/api/v1` */
  readonly url: string
  readonly token: string
  readonly organization: string
  /** A request of the tenant. Rejects when the answer has another status than expected. */
  readonly call: Call
  /** Rejects when the process ends by itself; never resolves. */
  readonly died: Promise<never>
  stop(): Promise<void>
}

/** Starts the web role and registers a new organisation. */
export async function startApi(world: World): Promise<TenantApi> {
  const program = startProgram({
    name: 'API',
    args: [PROGRAM],
    env: {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: '0',
      MONGODB_URI: world.mongo.uri,
      BENCH_SESSIONS_DB: world.sessionsDb,
      PLATFORM_DB: world.platformDb,
      REDIS_URL: world.redis.uri,
      JWT_SECRET: randomBytes(32).toString('hex'),
      ALLOW_SIGNUP: 'true',
      BENCH_MEDIA: join(world.folder, 'media'),
      RATE_LIMIT_API: PLENTY,
      RATE_LIMIT_MESSAGES: PLENTY,
    },
    logFile: join(world.folder, 'api.log'),
    ipc: true,
  })
  const forget = world.stops.add(program.stop)
  const address = new Promise<string>((resolve) => {
    program.child.once('message', (told: { address: string }) => resolve(told.address))
  })
  const url = `${await Promise.race([address, program.died])}/api/v1`
  const agent = new Agent({ keepAlive: true })

  const name = `bench-${randomBytes(4).toString('hex')}`
  const owner = {
    email: `${name}@example.org`,
    password: randomBytes(18).toString('base64url'),
    organization: name,
  }
  type Registered = { accessToken: string; organization: { id: string } }
  const registered = await caller(url, agent)<Registered>('POST', '/auth/register', 201, owner)
  const token = registered.accessToken
  return {
    ...{ url, token, organization: registered.organization.id, died: program.died },
    call: caller(url, agent, token),
    async stop() {
      agent.destroy()
      await program.stop()
      forget()
    },
  }
}

/** Requests over kept connections, with Node's plain client: what it costs itself is in the figures. */
function caller(url: string, agent: Agent, token?: string): Call {
  return (method, path, expected, body) =>
    new Promise((resolve, reject) => {
      const headers = {
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      }
      const outgoing = request(`${url}${path}`, { method, agent, headers }, (answer) => {
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
