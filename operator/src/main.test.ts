/** Two replicas of the operator as processes, against a real API server. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { FINALIZER } from '@warren/contracts'
import { freePort } from '@warren/runtime/embedded'
import { tempDir, until, withMongo, withRedis } from '@warren/runtime/testing'
import { type KubernetesObject, limitedKubeconfig, withKubernetes } from '@warren/runtime/testing/kubernetes'
import { ELECTION_TIMES } from './leader/elector.ts'

const [kubernetes, mongo, redis] = [
  await withKubernetes({ after }),
  await withMongo({ after }),
  await withRedis({ after }),
]
const { client, namespace } = kubernetes
const MAIN = join(import.meta.dirname, 'main.ts')
const folder = tempDir({ after })
const templateFile = join(folder, 'template.json')
const kubeconfigFile = join(folder, 'kubeconfig')
writeFileSync(
  templateFile,
  JSON.stringify({ image: 'session:1', env: { LOG_LEVEL: 'info' }, healthPort: 8081 }),
)

const verbs = ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete']
const warren = ['whatsappinstances', 'whatsappinstances/status', 'whatsappinstances/finalizers']
const rules = [
  { apiGroups: ['warren.dev'], resources: warren, verbs: ['get', 'list', 'watch', 'patch', 'update'] },
  { apiGroups: [''], resources: ['pods'], verbs },
  { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'create', 'patch'] },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
]
writeFileSync(
  kubeconfigFile,
  await limitedKubeconfig(kubernetes, { namespace, name: 'warren-operator', rules }),
)

type Replica = { readonly child: ChildProcess; readonly name: string; readonly port: number; log(): string }

function start(env: Record<string, string>): { child: ChildProcess; log: () => string } {
  const { PATH } = process.env
  const child = spawn(process.execPath, [MAIN], { env: { PATH, ...env } })
  let log = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      log += chunk
    })
  after(() => void child.kill('SIGKILL'))
  return { child, log: () => log }
}

async function startReplica(name: string): Promise<Replica> {
  const port = await freePort()
  const { child, log } = start({
    KUBECONFIG: kubeconfigFile,
    POD_NAME: name,
    POD_NAMESPACE: namespace,
    WATCH_NAMESPACES: namespace,
    MONGODB_URI: mongo.uri,
    MONGODB_SESSIONS_DB: mongo.dbName,
    REDIS_URL: redis,
    WARREN_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    WARREN_SESSION_TEMPLATE_FILE: templateFile,
    HEALTH_HOST: '127.0.0.1',
    HEALTH_PORT: String(port),
  })
  return { child, log, name, port }
}

const get = async ({ port, name, log }: Replica, path: string) => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`).catch((cause) => {
    throw new Error(`${name} does not answer: ${log()}`, { cause })
  })
  return { ok: response.ok, text: await response.text() }
}
const ready = (replica: Replica) =>
  until(async () => (await get(replica, '/readyz')).ok, {
    timeoutMs: 90_000,
    describe: `${replica.name} to be ready: ${replica.log()}`,
  })
const leads = async (replica: Replica) =>
  /^leader_election_master_status\{.*\} 1$/m.test((await get(replica, '/metrics')).text)

const resources = `/apis/warren.dev/v1alpha1/namespaces/${namespace}/whatsappinstances`
const core = `/api/v1/namespaces/${namespace}`

async function applied(name: string): Promise<KubernetesObject> {
  await client.request('POST', resources, {
    body: {
      apiVersion: 'warren.dev/v1alpha1',
      kind: 'WhatsAppInstance',
      metadata: { name },
      spec: { organization: 'acme' },
    },
  })
  return until(() => client.request('GET', `${core}/pods/${name}`), { timeoutMs: 60_000 })
}

test('one leads, the other follows at once when the leader is killed, and goes in order when it is asked to', async () => {
  const first = await startReplica('first')
  await ready(first)
  await until(() => leads(first), { timeoutMs: 60_000 })
  const second = await startReplica('second')
  await ready(second)
  assert.equal(await leads(second), false)

  const pod = await applied('sales')
  const instance = await client.request('GET', `${resources}/sales`)
  assert.deepEqual(instance.metadata.finalizers, [FINALIZER])
  const spec = JSON.stringify(pod.spec)
  assert.ok(!spec.includes(mongo.uri) && !spec.includes(redis), 'no connection string in the pod')
  const secret = await client.request<{ data: Record<string, string> }>(
    'GET',
    `${core}/secrets/sales-session-key`,
  )
  assert.equal(Buffer.from(secret.data.MONGODB_URI ?? '', 'base64').toString(), mongo.uri)
  await until(async () => {
    const { items } = await client.request<{ items: { reason: string; regarding: { name: string } }[] }>(
      'GET',
      `/apis/events.k8s.io/v1/namespaces/${namespace}/events`,
    )
    return items.some(({ reason, regarding }) => reason === 'PodCreated' && regarding.name === 'sales')
  })
  const { text } = await get(first, '/metrics')
  assert.match(text, /^rest_client_requests_total\{code="201",method="POST".*\} \d+$/m)
  assert.ok((await get(first, '/livez')).ok)

  const { leaseMs, retryMs } = ELECTION_TIMES
  first.child.kill('SIGKILL')
  await until(() => leads(second), { timeoutMs: leaseMs + retryMs + 3_000, describe: second.log() })
  await applied('support')

  second.child.kill('SIGTERM')
  const [code] = await once(second.child, 'exit')
  assert.equal(code, 0, second.log())
  const lease = await client.request<{ spec: { holderIdentity: string } }>(
    'GET',
    `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/warren-operator`,
  )
  assert.equal(lease.spec.holderIdentity, '')
})

test('everything that is wrong with the configuration is told at once', async () => {
  const { child, log } = start({ HEALTH_PORT: 'none', LEASE_RENEW_SECONDS: '15' })
  const [code] = await once(child, 'close')
  assert.equal(code, 64)
  for (const name of ['MONGODB_URI', 'REDIS_URL', 'WARREN_MASTER_KEY', 'HEALTH_PORT', 'LEASE_RENEW_SECONDS'])
    assert.match(log(), new RegExp(name))
})
