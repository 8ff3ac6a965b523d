import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WhatsAppInstance } from '@warren/contracts'
import type { SessionPodManifest } from '@warren/runtime/cluster'
import { INSTANCE } from '../testing/objects.ts'
import { MASTER_KEY, PREPARED, TEMPLATE } from '../testing/operator-harness.ts'
import { TEMPLATE_HASH_ANNOTATION } from './labels.ts'
import { instanceKeyOfPod, podKeyOf, podKeysOf } from './pod-names.ts'
import { sessionPodOf } from './session-pod.ts'
import { prepareTemplate, type SessionPodTemplate } from './template.ts'

const CLUSTER: SessionPodTemplate = {
  ...TEMPLATE,
  image: 'warren/session-pod:1',
  keyFolder: '/var/run/warren',
  healthPort: 8081,
  resources: { requests: { cpu: '10m', memory: '80Mi' }, limits: { memory: '256Mi' } },
  nodeSelector: { pool: 'sessions' },
  tolerations: [{ key: 'sessions', operator: 'Exists' }],
  priorityClassName: 'sessions',
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'kubernetes.io/hostname' }],
}

const withSpec = (spec: Partial<WhatsAppInstance['spec']>, name = 'sales'): WhatsAppInstance => ({
  ...INSTANCE,
  metadata: { ...INSTANCE.metadata, name },
  spec: { ...INSTANCE.spec, ...spec },
})
const hashOf = (instance: WhatsAppInstance, template = PREPARED, ordinal = 1) =>
  sessionPodOf(instance, template, ordinal).metadata.annotations?.[TEMPLATE_HASH_ANNOTATION]

const envOf = ({ spec }: Pick<SessionPodManifest, 'spec'>) =>
  new Map(spec.containers[0].env?.flatMap((one) => ('value' in one ? [[one.name, one.value] as const] : [])))

test('in a cluster the pod keeps to the restricted profile, without a token', () => {
  const { spec } = sessionPodOf(INSTANCE, prepareTemplate(CLUSTER, MASTER_KEY))
  assert.equal(spec.automountServiceAccountToken, false)
  assert.equal(spec.enableServiceLinks, false)
  assert.deepEqual(spec.securityContext, { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
  const [container] = spec.containers
  assert.deepEqual(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
  assert.deepEqual(container.livenessProbe?.httpGet, { path: '/livez', port: 'health' })
  assert.deepEqual(container.readinessProbe?.httpGet, { path: '/readyz', port: 'health' })
  assert.ok(
    container.volumeMounts?.some(({ mountPath }) => mountPath === '/tmp'),
    'a place to write',
  )
  assert.deepEqual(spec.topologySpreadConstraints, [
    {
      labelSelector: {
        matchLabels: { 'app.kubernetes.io/name': 'warren', 'app.kubernetes.io/component': 'session' },
      },
      maxSkew: 1,
      topologyKey: 'kubernetes.io/hostname',
    },
  ])
})

test("the instance's resources and place come before the installation's", () => {
  const instance = withSpec({
    resources: { requests: { memory: '120Mi' }, limits: { cpu: '1' } },
    scheduling: {
      nodeSelector: { zone: 'a' },
      tolerations: [{ key: 'gpu', operator: 'Exists' }],
      priorityClassName: 'gold',
    },
  })
  const { spec } = sessionPodOf(instance, prepareTemplate(CLUSTER, MASTER_KEY))
  assert.deepEqual(spec.containers[0].resources, {
    requests: { cpu: '10m', memory: '120Mi' },
    limits: { memory: '256Mi', cpu: '1' },
  })
  assert.deepEqual(spec.nodeSelector, { pool: 'sessions', zone: 'a' })
  assert.deepEqual(
    spec.tolerations?.map(({ key }) => key),
    ['sessions', 'gpu'],
  )
  assert.equal(spec.priorityClassName, 'gold')
})

test('connection strings are files of the secret and nowhere in the pod', () => {
  const pod = sessionPodOf(INSTANCE, PREPARED)
  assert.ok(!JSON.stringify(pod).includes('pass@db'))
  const env = Object.fromEntries(envOf(pod))
  assert.equal(env.MONGODB_URI_FILE, 'secrets/MONGODB_URI')
  assert.equal(env.REDIS_URL_FILE, 'secrets/REDIS_URL')
})

test('the hash changes with template, secrets and spec, and not with the name of the pod', () => {
  const same = hashOf(INSTANCE)
  assert.equal(hashOf(INSTANCE, PREPARED, 3), same)
  const others = [
    hashOf(INSTANCE, prepareTemplate({ ...TEMPLATE, env: { LOG_LEVEL: 'debug' } }, MASTER_KEY)),
    hashOf(INSTANCE, prepareTemplate({ ...TEMPLATE, secretEnv: { MONGODB_URI: 'x' } }, MASTER_KEY)),
    hashOf(withSpec({ pairing: { ...INSTANCE.spec.pairing, maxAttempts: 5 } })),
  ]
  assert.equal(new Set([same, ...others]).size, 4)
})

test('labels hold for the longest names, and names of pods lead back to their instance', () => {
  const name = 'a'.repeat(160)
  const { labels = {} } = sessionPodOf(withSpec({}, name), PREPARED).metadata
  for (const value of Object.values(labels))
    assert.match(value, /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/)
  for (const key of podKeysOf(INSTANCE.metadata))
    assert.deepEqual(instanceKeyOfPod(key), { namespace: 'default', name: 'sales' })
  assert.equal(podKeyOf(INSTANCE.metadata, 2).name, 'sales--2')
  assert.equal(instanceKeyOfPod({ namespace: 'default', name: 'sales-2' }).name, 'sales-2')
})

test('a pod of a cluster is told its own identity; what starts on one machine is told by who starts it', () => {
  const [container] = sessionPodOf(INSTANCE, prepareTemplate(CLUSTER, MASTER_KEY)).spec.containers
  const place = container.env?.find(({ name }) => name === 'WARREN_PLACE')
  assert.deepEqual(place, {
    name: 'WARREN_PLACE',
    valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } },
  })
  assert.ok(!envOf(sessionPodOf(INSTANCE, PREPARED)).has('WARREN_PLACE'))
})

test('a session with proxies is told where they are, and goes nowhere else', () => {
  const seenBy = (instance: WhatsAppInstance, template = PREPARED) => {
    const { spec } = sessionPodOf(instance, template)
    const [container] = spec.containers
    const env = envOf({ spec })
    const mount = container.volumeMounts?.find(({ name }) => name === 'proxies')
    const volume = spec.volumes?.find(({ name }) => name === 'proxies')
    return { env, mount, volume }
  }
  const bySecret = withSpec({ proxy: { secretRef: { name: 'our-proxies' } } })
  const local = seenBy(bySecret)
  assert.equal(local.env.get('WARREN_PROXIES_PATH'), 'proxies/proxies')
  assert.deepEqual(local.volume, { name: 'proxies', secret: { secretName: 'our-proxies' } })
  const inCluster = seenBy(bySecret, prepareTemplate(CLUSTER, MASTER_KEY))
  assert.equal(inCluster.env.get('WARREN_PROXIES_PATH'), '/etc/warren/proxies/proxies')
  assert.deepEqual([inCluster.mount?.mountPath, inCluster.mount?.readOnly], ['/etc/warren/proxies', true])

  const proxyMasterKey = { id: 4, bytes: new Uint8Array(32).fill(4) }
  const prepared = prepareTemplate({ ...TEMPLATE, proxyMasterKey }, MASTER_KEY)
  const byPool = withSpec({ proxy: { pool: 'eu' } })
  assert.equal(seenBy(byPool, prepared).env.get('WARREN_PROXY_POOL'), 'eu')
  assert.match(seenBy(byPool, prepared).env.get('WARREN_PROXY_KEY_FILE') ?? '', /\/proxy-key$/)
  assert.equal(seenBy(byPool).env.get('WARREN_PROXY_POOL'), 'eu', 'without a key it says so, and waits')
  assert.equal(seenBy(INSTANCE, prepared).env.get('WARREN_PROXY_KEY_FILE'), undefined)
  assert.notEqual(hashOf(byPool), hashOf(bySecret))
})
