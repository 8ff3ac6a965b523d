/** The leader dies in the middle of its work: whoever follows finishes it, and nothing is done twice. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { until } from '@warren/runtime/testing'
import { startNodeAgent, withKubernetes } from '@warren/runtime/testing/kubernetes'
import { install } from './support/installation.ts'
import { instancesIn, type Pod } from './support/instances.ts'

const COUNT = 200
/** The lease of the one that was killed, and the rest of the work on a busy machine. */
const FINISHED = { timeoutMs: 120_000, everyMs: 250 }

const { client, namespace, kubeconfigFile } = await withKubernetes({ after })
const warren = await install({ after }, { kubeconfigFile, namespaces: [namespace] })
const node = await startNodeAgent({ client, namespaces: [namespace], stub: true })
after(() => node.stop())
const instances = instancesIn(client, namespace)

/** Every pod that ever was, by the name of its instance. */
function record() {
  const seen = new Map<string, Set<string>>()
  const stop = new AbortController()
  const watching = client.watch<Pod>(
    `/api/v1/namespaces/${namespace}/pods`,
    ({ object }) => {
      const { name, uid = '' } = object.metadata
      seen.set(name, (seen.get(name) ?? new Set()).add(uid))
    },
    stop.signal,
  )
  after(async () => {
    stop.abort()
    await watching
  })
  return seen
}

test('killed in a burst of 200 instances: each gets exactly one pod, from the one or from the other', async () => {
  const first = await warren.replica('first')
  await first.untilLeading()
  const second = await warren.replica('second')
  await second.untilReady()
  const seen = record()
  const names = Array.from({ length: COUNT }, (_, n) => `wa-${n}`)
  const applied = Promise.all(names.map((name) => instances.create(name)))
  await until(() => seen.size >= COUNT / 10, { ...FINISHED, everyMs: 1, describe: 'the burst to begin' })
  await first.kill()
  const byTheFirst = seen.size
  await applied
  await second.untilLeading()
  await until(() => seen.size === COUNT, { ...FINISHED, describe: 'a pod for each' })
  assert.ok(byTheFirst < COUNT, 'the first had finished when it was killed')
  await until(
    async () => {
      const list = await instances.list()
      return list.every(
        ({ status }) => status?.conditions?.find(({ type }) => type === 'Scheduled')?.reason === 'PodRunning',
      )
    },
    { ...FINISHED, describe: 'the status of each' },
  )
  const twice = [...seen].filter(([, uids]) => uids.size !== 1).map(([name]) => name)
  assert.deepEqual(twice, [])
  assert.deepEqual([...seen.keys()].sort(), [...names].sort())
  assert.equal((await instances.pods()).length, COUNT)
  const created = (await instances.events()).filter(({ reason }) => reason === 'PodCreated')
  assert.equal(new Set(created.map(({ regarding }) => regarding.name)).size, created.length, 'told twice')
})
