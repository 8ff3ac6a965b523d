/** The API as a process, with no more rights at a real API server than it should have. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { freePort } from '@warren/runtime/embedded'
import { tempDir, until, withMongo, withRedis, withS3 } from '@warren/runtime/testing'
import { limitedKubeconfig, withKubernetes } from '@warren/runtime/testing/kubernetes'
import { apiClient } from './testing/client.ts'

const MAIN = join(import.meta.dirname, 'main.ts')

function start(args: string[], env: Record<string, string> = {}) {
  const { PATH } = process.env
  const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH, ...env } })
  let log = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      log += chunk
    })
  after(() => void child.kill('SIGKILL'))
  return { child, log: () => log }
}

test('creates over REST what kubectl sees, and the other way round', async () => {
  const [kubernetes, mongo, redis, s3] = [
    await withKubernetes({ after }),
    await withMongo({ after }),
    await withRedis({ after }),
    await withS3({ after }),
  ]
  const { client, namespace } = kubernetes
  const kubeconfig = join(tempDir({ after }), 'kubeconfig')
  const verbs = ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete']
  const rules = [{ apiGroups: ['warren.dev'], resources: ['whatsappinstances'], verbs }]
  writeFileSync(kubeconfig, await limitedKubeconfig(kubernetes, { namespace, name: 'api', rules }))
  const [port, healthPort] = [await freePort(), await freePort()]
  const { child, log } = start(['--role', 'all'], {
    KUBECONFIG: kubeconfig,
    INSTANCE_NAMESPACE: namespace,
    WATCH_NAMESPACES: namespace,
    MONGODB_URI: mongo.uri,
    MONGODB_SESSIONS_DB: `${mongo.dbName}_s`,
    PLATFORM_DB: mongo.dbName,
    REDIS_URL: redis,
    JWT_SECRET: 'only for this test, and 32 characters long',
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
  const health = `http://127.0.0.1:${healthPort}`
  await until(async () => (await fetch(`${health}/readyz`)).ok, { timeoutMs: 90_000 }).catch((error) => {
    throw new Error(log(), { cause: error })
  })
  assert.ok((await fetch(`${health}/livez`)).ok)
  const { send, register } = apiClient(() => `http://127.0.0.1:${port}`)
  const { token, organization } = await register()

  const made = await send('POST', '/api/v1/instances', { token, body: { displayName: 'Sales' } })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  const resources = `/apis/warren.dev/v1alpha1/namespaces/${namespace}/whatsappinstances`
  const { items } = await client.request<{ items: { spec: { organization: string } }[] }>('GET', resources)
  assert.deepEqual(
    items.map(({ spec }) => spec.organization),
    [organization],
  )
  await client.request('POST', resources, {
    body: {
      apiVersion: 'warren.dev/v1alpha1',
      kind: 'WhatsAppInstance',
      metadata: { name: 'applied' },
      spec: { organization },
    },
  })
  await until(async () => {
    const listed = await send('GET', '/api/v1/instances', { token })
    return JSON.stringify(listed.body).includes(`${namespace}.applied`)
  })
  const metrics = await (await fetch(`${health}/metrics`)).text()
  assert.match(metrics, /^warren_reflector_lists_total\{kind="whatsappinstances".*\} 1$/m)

  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  assert.equal(code, 0, log())
})

test('makes an owner, of instances too that someone made before, with a password that is given or made up', async () => {
  const mongo = await withMongo({ after })
  const env = {
    MONGODB_URI: mongo.uri,
    MONGODB_SESSIONS_DB: `${mongo.dbName}_s`,
    PLATFORM_DB: mongo.dbName,
    REDIS_URL: 'redis://127.0.0.1:1',
    JWT_SECRET: 'only for this test, and 32 characters long',
    BCRYPT_ROUNDS: '4',
    S3_ENDPOINT: 'http://127.0.0.1:1',
    S3_ACCESS_KEY: 'a',
    S3_SECRET_KEY: 'b',
    S3_BUCKET: 'c',
  }
  const make = async (args: string[], password = '') => {
    const { child, log } = start(['--create-owner', ...args], env)
    child.stdin.end(password)
    const [code] = await once(child, 'close')
    return { code, said: log().trim() }
  }
  assert.deepEqual(await make(['ada@example.org', '--organization', 'Acme'], 'correct horse battery\n'), {
    code: 0,
    said: 'ada@example.org owns the organisation acme.',
  })
  const again = await make(['ada@example.org', '--organization', 'Other'])
  assert.deepEqual(again, { code: 1, said: 'ada@example.org is registered already.' })
  assert.match(
    (await make(['bob@example.org', '--organization', 'Acme'])).said,
    /^bob@example.org owns the organisation acme-[0-9a-f]{8}\. The password is \S{20}$/,
  )
  const wrong = await make(['bob', '--organization', 'Acme'])
  assert.deepEqual([wrong.code, /"email" must be a valid email/.test(wrong.said)], [1, true])
  assert.match((await make(['bob@example.org'])).said, /--create-owner needs --organization/)
})

test('says what is wrong with its arguments and with all of its configuration', async () => {
  const wrong = start(['--role', 'operator'])
  assert.deepEqual((await once(wrong.child, 'close'))[0], 2)
  assert.match(wrong.log(), /there is no role operator\nUsage:/)
  const unset = start([])
  assert.deepEqual((await once(unset.child, 'close'))[0], 64)
  for (const name of ['MONGODB_URI', 'JWT_SECRET', 'S3_ENDPOINT', 'S3_SECRET_KEY'])
    assert.match(unset.log(), new RegExp(name))
})
