/** The API as a process beside the operator. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { freePort } from '@warren/runtime/embedded'
import { type Cleanup, until, withS3 } from '@warren/runtime/testing'
import type { Installation } from './installation.ts'
import { startProgram } from './program.ts'

const MAIN = join(import.meta.dirname, '..', '..', '..', 'api', 'src', 'main.ts')

export type Tenant = {
  readonly organization: string
  /** @throws Error with the answer when its status is not 2xx */
  call<T = unknown>(method: string, path: string, body?: object): Promise<T>
}

export async function startApi(
  file: Cleanup,
  { mongo, redis }: Installation,
  { kubeconfigFile, namespace }: { readonly kubeconfigFile: string; readonly namespace: string },
): Promise<{ register(): Promise<Tenant> }> {
  const s3 = await withS3(file)
  const [port, healthPort] = [await freePort(), await freePort()]
  const program = startProgram(file, [MAIN, '--role', 'web'], {
    KUBECONFIG: kubeconfigFile,
    INSTANCE_NAMESPACE: namespace,
    WATCH_NAMESPACES: namespace,
    MONGODB_URI: mongo.uri,
    MONGODB_SESSIONS_DB: mongo.dbName,
    PLATFORM_DB: `${mongo.dbName}_platform`,
    REDIS_URL: redis,
    JWT_SECRET: randomBytes(24).toString('hex'),
    NODE_ENV: 'test',
    RATE_LIMIT: 'off',
    ALLOW_SIGNUP: 'true',
    BCRYPT_ROUNDS: '4',
    S3_ENDPOINT: s3.endpoint,
    S3_ACCESS_KEY: s3.accessKey,
    S3_SECRET_KEY: s3.secretKey,
    S3_BUCKET: namespace,
    HOST: '127.0.0.1',
    PORT: String(port),
    HEALTH_HOST: '127.0.0.1',
    HEALTH_PORT: String(healthPort),
  })
  await until(async () => (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).ok, {
    timeoutMs: 120_000,
    everyMs: 100,
  }).catch((cause) => {
    throw new Error(program.log().slice(-3_000), { cause })
  })

  async function call<T>(method: string, path: string, body?: object, token?: string): Promise<T> {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
      method,
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return (text ? JSON.parse(text) : undefined) as T
  }

  return {
    async register() {
      const name = `org-${randomBytes(5).toString('hex')}`
      type SignedIn = { accessToken: string; organization: { id: string } }
      const { accessToken, organization } = await call<SignedIn>('POST', '/auth/register', {
        email: `${name}@example.org`,
        password: 'correct horse battery',
        organization: name,
      })
      return {
        organization: organization.id,
        call: (method, path, body) => call(method, path, body, accessToken),
      }
    },
  }
}
