/** Two replicas of each role of the API, behind an ingress. */
import { randomBytes } from 'node:crypto'
import type { InstanceManifest } from '@warren/contracts'
import { freePort } from '@warren/runtime/testing'
import type { Foundation, Ways } from './foundation.ts'
import { startIngress } from './ingress.ts'
import { OWNER, PLATFORM_DB, SESSIONS_DB } from './names.ts'
import type { Program } from './programs.ts'

export type Replica = Ways & { readonly program: Program }

export type ApiTier = {
  /** Of the ingress. */
  readonly url: string
  readonly webs: readonly Replica[]
  readonly workers: readonly Replica[]
}

const REPLICAS = 2

/** Starts them; resolves when all are ready. */
export async function startApiTier(on: Foundation, manifests: readonly InstanceManifest[]): Promise<ApiTier> {
  const ports: number[] = []
  for (let index = 0; index < REPLICAS; index++) ports.push(await freePort())
  const ingress = on.later(await startIngress(ports))
  const shared = {
    HOST: '127.0.0.1',
    NODE_ENV: 'development',
    RATE_LIMIT: 'off',
    // A replica that starts again must not spend a second on a password.
    BCRYPT_ROUNDS: '4',
    SESSIONS_DB,
    PLATFORM_DB,
    JWT_SECRET: randomBytes(32).toString('hex'),
    ACCESS_TOKEN_SECONDS: '86400',
    SSE_HEARTBEAT_SECONDS: '2',
    SIGNING_KEY: randomBytes(32).toString('base64'),
    BLOBS_URL: `${ingress.url}/blobs`,
    MEDIA: on.folder('media'),
    MANIFESTS: JSON.stringify(manifests),
  }
  const replica = async (name: string, env: Record<string, string>): Promise<Replica> => {
    const ways = await on.openWays()
    return { program: on.run(name, 'api.ts', { ...shared, ...on.addressesOf(ways), ...env }), ...ways }
  }

  const webs: Replica[] = []
  const workers: Replica[] = []
  for (const [index, port] of ports.entries()) {
    const owner =
      index === 0 ? { OWNER: JSON.stringify({ ...OWNER, name: 'Owner', plan: 'max' }) } : undefined
    webs.push(await replica(`web-${index + 1}`, { ROLE: 'web', PORT: String(port), ...owner }))
    workers.push(await replica(`worker-${index + 1}`, { ROLE: 'worker' }))
  }
  await Promise.all([...webs, ...workers].map(({ program }) => program.ready()))
  return { url: ingress.url, webs, workers }
}
