/** The operator's decisions where only a real API server can say that they are right: its admission, quotas, policies and garbage collector. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { WhatsAppInstance } from '@warren/contracts'
import { createOperator } from '@warren/operator'
import { createMemoryBus } from '@warren/runtime/bus'
import { systemClock as clock } from '@warren/runtime/clock'
import { createKubernetesCluster } from '@warren/runtime/cluster/kubernetes'
import { createIds } from '@warren/runtime/ids'
import { silentLogger as logger } from '@warren/runtime/logger'
import { createRegistry } from '@warren/runtime/metrics'
import { createMemorySessionStore } from '@warren/runtime/session-store'
import { until } from '@warren/runtime/testing'
import { startNodeAgent, withKubernetes } from '@warren/runtime/testing/kubernetes'

const kubernetes = await withKubernetes({ after })
const { client } = kubernetes
const RESTRICTED = {
  'pod-security.kubernetes.io/enforce': 'restricted',
  'pod-security.kubernetes.io/enforce-version': 'latest',
}
const namespaces = {
  restricted: await kubernetes.createNamespace(RESTRICTED),
  limited: await kubernetes.createNamespace(),
  owned: await kubernetes.createNamespace({ 'warren.dev/organization': 'acme' }),
  ranged: await kubernetes.createNamespace(),
  ending: await kubernetes.createNamespace(),
}
const all = Object.values(namespaces)
const node = await startNodeAgent({ client, namespaces: all, stub: true })
after(() => node.stop())

const sessions = createMemorySessionStore(clock)
const cluster = createKubernetesCluster({
  connection: { kubeconfig: { path: kubernetes.kubeconfigFile } },
  namespaces: all,
  fieldManager: 'warren-operator',
  identity: 'test',
  clock,
  logger,
})
cluster.start()
await cluster.synced
const bus = createMemoryBus({ clock, logger, ids: createIds(clock) })
await bus.start()
const operator = createOperator({
  cluster,
  sessions,
  bus,
  clock,
  logger,
  registry: createRegistry({ service: 'test', version: '0', defaults: false }),
  masterKey: { id: 1, bytes: new Uint8Array(32).fill(1) },
  template: {
    image: 'session',
    env: {},
    secretEnv: { MONGODB_URI: 'mongodb://secret@db' },
    keyFolder: '/etc/warren/instance',
    healthPort: 8081,
    runAs: { user: 1000, group: 1000, fsGroup: 1000 },
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } },
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
    ],
    terminationGracePeriodSeconds: 5,
  },
  starts: { perSecond: 1_000, burst: 1_000 },
  defaultInstanceLimit: 100,
})
await operator.start()
after(async () => {
  await operator.stop()
  await cluster.stop()
  await bus.stop()
})

const create = (namespace: string, name: string, spec: Partial<WhatsAppInstance['spec']> = {}) =>
  client.request('POST', `/apis/warren.dev/v1alpha1/namespaces/${namespace}/whatsappinstances`, {
    body: {
      apiVersion: 'warren.dev/v1alpha1',
      kind: 'WhatsAppInstance',
      metadata: { name },
      spec: { organization: 'acme', ...spec },
    },
  })
const instancePath = (namespace: string, name: string) =>
  `/apis/warren.dev/v1alpha1/namespaces/${namespace}/whatsappinstances/${name}`
const podsIn = async (namespace: string) => {
  const { items } = await client.request<{
    items: { metadata: { name: string; deletionTimestamp?: string } }[]
  }>('GET', `/api/v1/namespaces/${namespace}/pods`)
  return items.map(({ metadata }) => metadata.name).sort()
}
async function scheduledIn(namespace: string, name: string) {
  const { status } = await client.request<WhatsAppInstance>('GET', instancePath(namespace, name))
  return status?.conditions?.find(({ type }) => type === 'Scheduled')
}
const comesTo = (namespace: string, name: string, reason: string) =>
  until(async () => (await scheduledIn(namespace, name))?.reason === reason, {
    timeoutMs: 40_000,
    describe: `${name} to be ${reason}`,
  })

test('the session pod is accepted where the restricted profile is enforced, with everything a spec may ask for', async () => {
  const { restricted } = namespaces
  await create(restricted, 'sales', {
    resources: { requests: { 'ephemeral-storage': '10Mi' }, limits: { cpu: '1' } },
    scheduling: {
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ key: 'sessions', operator: 'Equal', value: 'yes', effect: 'NoSchedule' }],
      affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
    },
  })
  await until(async () => (await podsIn(restricted)).includes('sales'), { timeoutMs: 20_000 })
  const pod = await client.request('GET', `/api/v1/namespaces/${restricted}/pods/sales`)
  assert.ok(!JSON.stringify(pod).includes('secret@db'))
  await create(restricted, `${'long'.repeat(39)}-end`)
  await until(async () => (await podsIn(restricted)).length === 2, { timeoutMs: 20_000 })
})

test('racing creations never run more than the plan allows, and who waits comes in when there is room', async () => {
  const { limited } = namespaces
  await sessions.setLimit('crowd', 3)
  await Promise.all(
    Array.from({ length: 12 }, (_, n) => create(limited, `wa-${n}`, { organization: 'crowd' })),
  )
  const waiting = async () => {
    const reasons = await Promise.all(
      Array.from({ length: 12 }, async (_, n) => (await scheduledIn(limited, `wa-${n}`))?.reason),
    )
    assert.ok((await podsIn(limited)).length <= 3)
    return reasons.filter((reason) => reason === 'InstanceLimit').length
  }
  await until(async () => (await waiting()) === 9, { timeoutMs: 30_000, describe: 'nine to wait' })
  const [first = ''] = await podsIn(limited)
  await client.request('DELETE', instancePath(limited, first))
  await until(
    async () => {
      const names = await podsIn(limited)
      assert.ok(names.length <= 3)
      return names.length === 3 && !names.includes(first)
    },
    { timeoutMs: 30_000, describe: 'the next one to start' },
  )
})

test("an instance of another organisation than the namespace's gets no pod, and one of its own does", async () => {
  const { owned } = namespaces
  await create(owned, 'ours')
  await create(owned, 'theirs', { organization: 'other' })
  await comesTo(owned, 'theirs', 'OrganizationMismatch')
  await until(async () => (await podsIn(owned)).includes('ours'), { timeoutMs: 20_000 })
  assert.deepEqual(await podsIn(owned), ['ours'])
})

test("what a limit range refuses is told in the API server's words, and starts when it may", async () => {
  const { ranged } = namespaces
  await client.request('POST', `/api/v1/namespaces/${ranged}/limitranges`, {
    body: {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name: 'small' },
      spec: { limits: [{ type: 'Container', max: { memory: '100Mi' } }] },
    },
  })
  await create(ranged, 'sales')
  await comesTo(ranged, 'sales', 'PodRefused')
  assert.match(
    (await scheduledIn(ranged, 'sales'))?.message ?? '',
    /maximum memory usage per Container is 100Mi/,
  )
  await client.request('DELETE', `/api/v1/namespaces/${ranged}/limitranges/small`)
  await until(async () => (await podsIn(ranged)).includes('sales'), { timeoutMs: 40_000 })
})

test('a namespace with instances of every policy can be deleted', async () => {
  const { ending } = namespaces
  for (const deletionPolicy of ['Retain', 'Logout', 'Delete'] as const)
    await create(ending, deletionPolicy.toLowerCase(), { deletionPolicy })
  await until(async () => (await podsIn(ending)).length === 3, { timeoutMs: 20_000 })
  await client.request('DELETE', `/api/v1/namespaces/${ending}`)
  await until(
    async () =>
      client.request('GET', `/api/v1/namespaces/${ending}`).then(
        () => false,
        () => true,
      ),
    { timeoutMs: 60_000, describe: 'the namespace to be gone' },
  )
})
