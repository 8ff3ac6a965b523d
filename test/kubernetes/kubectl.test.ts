/** What a person with only kubectl does with a session, from the first YAML to its end, on real session processes. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { FINALIZER } from '@warren/contracts'
import { until } from '@warren/runtime/testing'
import { startNodeAgent, withKubernetes } from '@warren/runtime/testing/kubernetes'
import { install } from './support/installation.ts'
import { instancesIn, manifestOf, PATIENCE } from './support/instances.ts'
import { kubectlIn } from './support/kubectl.ts'
import { SESSION_NODE, sessionsOf, startWhatsApp } from './support/sessions.ts'

const kubernetes = await withKubernetes({ after })
const { client, namespace, kubeconfigFile } = kubernetes
const { simulator, sessionEnv } = await startWhatsApp({ after })
const warren = await install({ after }, { kubeconfigFile, namespaces: [namespace] }, { sessionEnv })
const node = await startNodeAgent({ client, namespaces: [namespace], ...SESSION_NODE })
after(() => node.stop())
const sessions = await sessionsOf({ after }, warren, simulator)
const operator = await warren.replica('operator')
await operator.untilLeading()

const kubectl = await kubectlIn(kubeconfigFile, namespace)
const instances = instancesIn(client, namespace)
const apply = (name: string, spec?: object) => kubectl(['apply', '-f', '-'], manifestOf(name, spec))

test('apply, wait, get, edit, suspend and delete', async () => {
  assert.equal(await apply('sales', { displayName: 'Sales' }), 'whatsappinstance.warren.dev/sales created')
  const waiting = kubectl(['wait', '--for=condition=Ready', 'wai/sales', '--timeout=120s'])
  const [phone] = await Promise.all([sessions.link(instances, 'sales'), waiting])
  assert.match(await waiting, /condition met/)

  const [header = '', row = ''] = (await kubectl(['get', 'wai'])).split('\n')
  assert.deepEqual(header.split(/\s+/), ['NAME', 'READY', 'REASON', 'PHASE', 'PHONE', 'AGE'])
  assert.match(row, new RegExp(`^sales +True +\\S+ +\\S+ +${phone} +\\d+[sm]`))
  const [wideHeader = '', wideRow = ''] = (await kubectl(['get', 'wai', '-o', 'wide'])).split('\n')
  assert.match(wideHeader, /ORGANIZATION +POD +NODE +EPOCH/)
  assert.match(wideRow, new RegExp(`acme +sales +${node.name} +1 `))
  assert.match(await kubectl(['get', 'warren']), /sales/)
  const story = await kubectl(['describe', 'wai', 'sales'])
  for (const part of ['PodCreated', 'Connected', 'Type: +Ready']) assert.match(story, new RegExp(part))
  assert.ok(!story.includes('MONGODB_URI') && !story.includes(warren.mongo.uri))

  const before = await instances.pod('sales')
  assert.equal(
    await apply('sales', { displayName: 'Support', pairing: { maxAttempts: 5 } }),
    'whatsappinstance.warren.dev/sales configured',
  )
  const renewed = await instances.untilPod('sales', before.metadata.uid)
  await kubectl(['wait', '--for=jsonpath={.status.epoch}=2', 'wai/sales', '--timeout=60s'])
  await kubectl(['wait', '--for=condition=Ready', 'wai/sales', '--timeout=60s'])
  assert.ok(
    renewed.spec.containers[0]?.env?.some(
      (one) => /MAX_ATTEMPTS/.test(one.name) && 'value' in one && one.value === '5',
    ),
  )
  const { metadata, status } = await instances.get('sales')
  assert.equal(status?.observedGeneration, metadata.generation)
  assert.equal(await sessions.connections(phone), 1)

  await kubectl(['patch', 'wai', 'sales', '--type=merge', '-p', '{"spec":{"operatingMode":"Suspended"}}'])
  await instances.untilGone('pods', 'sales')
  await kubectl(['wait', '--for=condition=Ready=False', 'wai/sales', '--timeout=60s'])
  await kubectl(['patch', 'wai', 'sales', '--type=merge', '-p', '{"spec":{"operatingMode":"Running"}}'])
  await kubectl(['wait', '--for=condition=Ready', 'wai/sales', '--timeout=60s'])

  await kubectl(['delete', 'wai', 'sales', '--timeout=60s'])
  await instances.untilGone('pods', 'sales')
  assert.equal(await sessions.connections(phone), 0)
})

test('what a spec may not say is refused in words that name the field and the way out', async () => {
  await apply('careful')
  const refused: [name: string, spec: object, words: RegExp][] = [
    ['careful', { organization: 'other' }, /organization cannot be changed; create another instance instead/],
    ['coded', { pairing: { method: 'Code' } }, /pairing.method Code needs pairing.phoneNumber/],
    ['proxied', { proxy: {} }, /proxy needs either secretRef or pool/],
    ['sales--2', {}, /must not end in two dashes and a number/],
    ['n'.repeat(161), {}, /at most 160 characters long/],
    [
      'modal',
      { operatingMode: 'Paused' },
      /spec.operatingMode: Unsupported value: "Paused".*"Running".*"Suspended"/,
    ],
  ]
  for (const [name, spec, words] of refused) await assert.rejects(apply(name, spec), { message: words })
  assert.deepEqual(
    (await instances.list()).map(({ metadata }) => metadata.name),
    ['careful'],
  )
  await instances.remove('careful')
})

test('each deletion policy ends the session as it says', async () => {
  const policies = ['Retain', 'Logout', 'Delete'] as const
  const phones = new Map<string, string>()
  for (const deletionPolicy of policies) {
    const name = deletionPolicy.toLowerCase()
    await instances.create(name, { deletionPolicy })
    phones.set(name, await sessions.link(instances, name))
  }
  const devices = async (name: string) => (await simulator.phones.get(phones.get(name) ?? '')).devices.length
  const keys = (name: string) => {
    const prefix = `${sessions.keyOf(instances, name)}/`
    const range = { $gte: prefix, $lt: `${prefix}\uffff` }
    return sessions.db.collection<{ _id: string }>('keys').countDocuments({ _id: range })
  }
  await kubectl(['delete', 'wai', 'retain', 'logout', 'delete', '--timeout=90s'])
  for (const name of phones.keys()) {
    await instances.untilGone('pods', name)
    await instances.untilGone('secrets', `${name}-session-key`)
    assert.equal(await sessions.connections(phones.get(name) ?? ''), 0)
  }
  assert.equal(await devices('retain'), 1)
  assert.equal(await devices('logout'), 0)
  assert.equal((await sessions.store.session(sessions.keyOf(instances, 'delete')))?.status, null)
  assert.equal(await keys('delete'), 0)

  // What was kept is there for an instance of the same name: it is linked without another scan.
  await instances.create('retain')
  await kubectl(['wait', '--for=condition=Ready', 'wai/retain', '--timeout=60s'])
  assert.equal(await sessions.connections(phones.get('retain') ?? ''), 1)
  await instances.create('delete')
  await until(async () => (await instances.get('delete')).status?.pairing?.attempt !== undefined, PATIENCE)
})

test('what belongs to an instance is owned by it, and is collected with it', async () => {
  await instances.create('owned')
  const pod = await instances.untilPod('owned')
  const { metadata } = await instances.get('owned')
  assert.deepEqual(metadata.finalizers, [FINALIZER])
  const owner = {
    apiVersion: 'warren.dev/v1alpha1',
    kind: 'WhatsAppInstance',
    name: 'owned',
    uid: metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  }
  const secret = await client.request('GET', `/api/v1/namespaces/${namespace}/secrets/owned-session-key`)
  for (const { metadata } of [pod, secret]) assert.deepEqual(metadata.ownerReferences, [owner])
  // Nobody of ours is there to remove anything: this is the garbage collector's work.
  await operator.stop()
  await instances.patch('owned', { metadata: { finalizers: null } })
  await instances.remove('owned')
  await instances.untilGone('whatsappinstances', 'owned')
  await instances.untilGone('pods', 'owned')
  await instances.untilGone('secrets', 'owned-session-key')
})
