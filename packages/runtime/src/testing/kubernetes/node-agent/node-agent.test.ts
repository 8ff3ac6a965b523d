import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { until } from '../../until.ts'
import { type KubernetesError, type KubernetesObject, ownControlPlane, startNodeAgent } from '../index.ts'

type Pod = KubernetesObject & {
  spec: { nodeName?: string }
  status: {
    phase: string
    reason?: string
    podIP: string
    conditions: { type: string; status: string }[]
    containerStatuses: { restartCount: number; lastState?: { terminated?: { exitCode: number } } }[]
  }
}

const cluster = await ownControlPlane({ after }, { nodeLifecycle: true })
const { client, namespace } = cluster
const entrypoint = () => [process.execPath, join(import.meta.dirname, 'server.fixture.ts')]
const node = await startNodeAgent({ client, entrypoint, namespaces: [namespace] })
after(() => node.stop())

const pods = `/api/v1/namespaces/${namespace}/pods`
const get = (name: string) => client.request<Pod>('GET', `${pods}/${name}`)
const gone = (name: string) =>
  get(name).then(
    () => false,
    (error: KubernetesError) => error.status === 404,
  )
const isReady = ({ status }: Pod) =>
  status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
const patient = (describe: string) => ({ timeoutMs: 30_000, everyMs: 50, describe })

async function create(name: string, spec: object = {}, container: object = {}): Promise<Pod> {
  const containers = [
    {
      name: 'main',
      image: 'server:test',
      env: [
        { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        { name: 'GREETING', value: 'hello from $(POD_IP)' },
      ],
      ...container,
    },
  ]
  const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers, ...spec } }
  return client.request<Pod>('POST', pods, { body })
}

async function ready(name: string): Promise<Pod> {
  await until(async () => isReady(await get(name)), patient(`${name} being ready`))
  return get(name)
}

test('a pod is bound, runs as a process with its variables and secrets, and is ready when its probe says so', async () => {
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'login' },
    stringData: { password: 'open sesame' },
  }
  const volume = { name: 'login', secret: { secretName: 'login' } }
  await create(
    'probed',
    { volumes: [volume] },
    {
      env: [
        { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        { name: 'GREETING', value: 'hello from $(POD_IP)' },
        { name: 'PASSWORD_FILE', value: '/var/run/login/password' },
      ],
      ports: [{ name: 'http', containerPort: 8080 }],
      volumeMounts: [{ name: 'login', mountPath: '/var/run/login' }],
      readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 1 },
    },
  )
  await until(
    async () => JSON.stringify((await get('probed')).status).includes('secret \\"login\\" not found'),
    patient('the missing secret being told'),
  )
  await client.request('POST', `/api/v1/namespaces/${namespace}/secrets`, { body: secret })
  await until(async () => (await get('probed')).status.phase === 'Running', patient('the pod running'))
  const { status, spec } = await get('probed')
  assert.equal(spec.nodeName, node.name)
  assert.equal(isReady(await get('probed')), false)
  const at = `http://${status.podIP}:8080`
  const answer = await until(() => fetch(`${at}/become-ready`), patient('an answer'))
  assert.equal(await answer.text(), `hello from ${status.podIP}`)
  assert.equal(await (await fetch(`${at}/secret`)).text(), 'open sesame')
  await ready('probed')
  assert.match(node.logs({ namespace, name: 'probed' }), /serving on 127\./)
})

test('a crashed container is started again in place, and a deletion ends the process before the name is free', async () => {
  await create('crashing')
  const { status } = await ready('crashing')
  const at = `http://${status.podIP}:8080`
  await until(() => fetch(at), patient('an answer'))
  await fetch(`${at}/crash`).catch(() => {})
  const again = await until(async () => {
    const pod = await get('crashing')
    return pod.status.containerStatuses[0]?.restartCount === 1 && isReady(pod) ? pod : undefined
  }, patient('the restart'))
  assert.equal(again.status.podIP, status.podIP)
  assert.equal(again.status.containerStatuses[0]?.lastState?.terminated?.exitCode, 3)
  await until(() => fetch(at), patient('an answer'))
  await client.request('DELETE', `${pods}/crashing`)
  await until(() => gone('crashing'), patient('the end of the pod'))
  await assert.rejects(fetch(at))
})

test('an evicted pod has failed and stays to be looked at', async () => {
  await create('evicted')
  const { status } = await ready('evicted')
  await node.evict({ namespace, name: 'evicted' })
  const after = await get('evicted')
  assert.equal(after.status.phase, 'Failed')
  assert.equal(after.status.reason, 'Evicted')
  await assert.rejects(fetch(`http://${status.podIP}:8080`))
  await client.request('DELETE', `${pods}/evicted`)
  await until(() => gone('evicted'), patient('the end of the pod'))
})

test('a partitioned node becomes NotReady, its pods are asked to go, and their processes run on until it is healed', async () => {
  await create('isolated')
  const { status } = await ready('isolated')
  const at = `http://${status.podIP}:8080`
  await until(() => fetch(at), patient('an answer'))
  // Where all nodes are lost at once, Kubernetes suspects itself and evicts nothing.
  const healthy = await startNodeAgent({ client, namespaces: [] })
  after(() => healthy.stop())
  node.partition()
  await until(async () => (await get('isolated')).metadata.deletionTimestamp, {
    ...patient('the deletion'),
    timeoutMs: 60_000,
  })
  assert.equal((await fetch(at)).status, 200)
  assert.equal(isReady(await get('isolated')), false)
  node.heal()
  await until(() => gone('isolated'), patient('the end of the pod'))
  await assert.rejects(fetch(at))
})

test('a restart of the API server is survived, and nothing is bound to a cordoned node', async () => {
  await cluster.restartApiServer()
  const path = `/api/v1/nodes/${node.name}`
  await client.request('PATCH', path, { body: { spec: { unschedulable: true } } })
  await create('waiting')
  const other = await startNodeAgent({ client, entrypoint, namespaces: [namespace] })
  after(() => other.stop())
  assert.equal((await ready('waiting')).spec.nodeName, other.name)
})

test('a stub makes many pods ready at once and lets them go at once', async () => {
  const many = await cluster.createNamespace()
  const stub = await startNodeAgent({ client, stub: true, namespaces: [many] })
  after(() => stub.stop())
  const path = `/api/v1/namespaces/${many}/pods`
  const containers = [{ name: 'main', image: 'none:test' }]
  const names = Array.from({ length: 200 }, (_, index) => `pod-${index}`)
  const body = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers } })
  await Promise.all(names.map((name) => client.request('POST', path, { body: body(name) })))
  const list = async () => (await client.request<KubernetesObject & { items: Pod[] }>('GET', path)).items
  await until(async () => (await list()).filter(isReady).length === names.length, patient('200 ready pods'))
  await Promise.all(names.map((name) => client.request('DELETE', `${path}/${name}`)))
  await until(async () => (await list()).length === 0, patient('the end of 200 pods'))
  assert.equal(stub.podCount(), 0)
})
