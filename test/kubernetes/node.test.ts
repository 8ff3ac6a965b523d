/** A node that falls silent with a session on it, and a node that comes back with one: never do two write. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { until } from '@warren/runtime/testing'
import { ownControlPlane, startNodeAgent } from '@warren/runtime/testing/kubernetes'
import { install } from './support/installation.ts'
import { instancesIn, PATIENCE } from './support/instances.ts'
import { SESSION_NODE, sessionsOf, startWhatsApp } from './support/sessions.ts'

/** The node's silence is noticed after 10 s, the replacement comes after 20 s more, and the lease has to end. */
const REPLACED = { timeoutMs: 110_000, everyMs: 100 }

const plane = await ownControlPlane({ after }, { nodeLifecycle: true })
const { client, namespace, kubeconfigFile } = plane
const { simulator, sessionEnv } = await startWhatsApp({ after })
const warren = await install({ after }, { kubeconfigFile, namespaces: [namespace] }, { sessionEnv })
const sessions = await sessionsOf({ after }, warren, simulator)
const operator = await warren.replica('operator')
const instances = instancesIn(client, namespace)
const startNode = async () => {
  const node = await startNodeAgent({ client, namespaces: [namespace], ...SESSION_NODE })
  after(() => node.stop())
  return node
}

test('the session of a node that hangs goes on elsewhere, and the old process, once it wakes, is fenced', async () => {
  await operator.untilLeading()
  const lost = await startNode()
  await instances.create('sales', { failover: { unreachableSeconds: 20 } })
  const phone = await sessions.link(instances, 'sales')
  const key = sessions.keyOf(instances, 'sales')
  const epochOf = async () => (await sessions.store.session(key))?.epoch ?? 0
  const before = await epochOf()
  assert.equal((await instances.get('sales')).status?.node, lost.name)
  const healthy = await startNode()

  const old = { namespace, name: 'sales' }
  lost.partition()
  lost.signal(old, 'SIGSTOP')
  await until(async () => (await instances.get('sales')).status?.node === healthy.name, {
    ...REPLACED,
    describe: 'the session to be on the other node',
  })
  assert.equal((await instances.get('sales')).status?.pod, 'sales--2')
  await until(
    async () => /Not confirmed yet/.test((await instances.condition('sales', 'Scheduled'))?.message ?? ''),
    { ...PATIENCE, describe: 'the status to name the pod whose end is unknown' },
  )
  await until(async () => (await epochOf()) > before && (await sessions.connections(phone)) === 1, {
    ...REPLACED,
    describe: 'the replacement to take the session over',
  })
  const held = await epochOf()

  // It still believes that it holds the session.
  lost.signal(old, 'SIGCONT')
  const contact = '491600000001'
  await simulator.contacts.set({ number: contact })
  const texts = Array.from({ length: 10 }, (_, n) => `after the end ${n}`)
  for (const text of texts) await simulator.contacts.send(contact, { to: phone, text })
  await simulator.drained({ number: phone })
  assert.equal(await epochOf(), held, 'the old process took the session back')

  lost.heal()
  await instances.untilGone('pods', 'sales')
  await until(async () => (await instances.condition('sales', 'Ready'))?.status === 'True', PATIENCE)
  assert.deepEqual(
    (await instances.pods()).map(({ metadata }) => metadata.name),
    ['sales--2'],
  )
  await until(
    async () => (await instances.condition('sales', 'Scheduled'))?.message === 'The session pod runs.',
    { ...PATIENCE, describe: 'the status to name the lost pod no more' },
  )
  assert.equal(await sessions.connections(phone), 1)

  const log = await sessions.db
    .collection<{ _id: string; epoch: number; holder: string }>('log')
    .find({ _id: { $gte: `${key}/`, $lt: `${key}/~` } })
    .sort({ _id: 1 })
    .toArray()
  assert.ok(log.length > 0)
  for (const [n, { epoch, holder }] of log.entries()) {
    const previous = log[n - 1]
    assert.ok(epoch >= (previous?.epoch ?? 0), `epoch ${epoch} wrote after ${previous?.epoch}`)
    if (previous?.epoch === epoch) assert.equal(holder, previous.holder, 'two wrote in one epoch')
  }
  const journal = await sessions.store.journal(key, 0, 500)
  const received = journal.flatMap((entry) => JSON.stringify(entry).match(/after the end \d+/) ?? [])
  assert.deepEqual(received.sort(), [...texts].sort())
})
