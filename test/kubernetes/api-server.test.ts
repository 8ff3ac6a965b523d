/** The API server goes away, forgets and cuts connections while there is work: the operator's process survives and misses nothing. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { startGate, tempDir, until } from '@warren/runtime/testing'
import { ownControlPlane, startNodeAgent } from '@warren/runtime/testing/kubernetes'
import { install } from './support/installation.ts'
import { instancesIn } from './support/instances.ts'

const SETTLED = { timeoutMs: 90_000, everyMs: 250 }

const plane = await ownControlPlane({ after })
const { client, namespace } = plane
const gate = await startGate(new URL(plane.url))
after(gate.stop)
const kubeconfigFile = join(tempDir({ after }), 'kubeconfig')
writeFileSync(kubeconfigFile, plane.kubeconfig.replaceAll(plane.url, `https://127.0.0.1:${gate.port}`))
const warren = await install({ after }, { kubeconfigFile, namespaces: [namespace] })
const node = await startNodeAgent({ client, namespaces: [namespace], stub: true })
after(() => node.stop())
const operator = await warren.replica('operator')
await operator.untilLeading()
const instances = instancesIn(client, namespace)

/** The names of the instances, each of which has its pod and says so; no pod is left over. */
const settled = (names: readonly string[]) =>
  until(
    async () => {
      const [list, pods] = [await instances.list(), await instances.pods()]
      const here = list
        .filter(({ status }) =>
          status?.conditions?.some(({ type, reason }) => type === 'Scheduled' && reason === 'PodRunning'),
        )
        .map(({ metadata }) => metadata.name)
      assert.deepEqual(here.sort(), [...names].sort())
      assert.deepEqual(pods.map(({ metadata }) => metadata.name).sort(), [...names].sort())
      return true
    },
    { ...SETTLED, describe: `all is as it should be after ${operator.log().slice(-2_000)}` },
  )

test('a restart of the API server in the middle of the work', async () => {
  await Promise.all(['a', 'b', 'c'].map((name) => instances.create(name)))
  await plane.restartApiServer()
  await until(() => instances.create('d'), SETTLED)
  await settled(['a', 'b', 'c', 'd'])
  assert.ok(operator.running())
})

test('changes while it was cut off and the history was compacted: 410, and a new list', async () => {
  gate.shut()
  await instances.create('e')
  await instances.remove('a').catch(() => {})
  await instances.removePod('b')
  await plane.compactEtcd()
  await plane.restartApiServer()
  gate.open()
  await settled(['b', 'c', 'd', 'e'])
  assert.ok(operator.running())
})

test('connections that are reset again and again', async () => {
  const names = Array.from({ length: 10 }, (_, n) => `wa-${n}`)
  for (const name of names) {
    await instances.create(name)
    gate.cut()
  }
  await instances.remove('c')
  gate.cut()
  await settled(['b', 'd', 'e', ...names])
  assert.ok(operator.running())
  assert.equal(await operator.stop(), 0, operator.log())
})
