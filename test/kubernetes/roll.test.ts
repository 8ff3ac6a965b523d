/** A new release over running sessions: at every moment at most so many are away as the bound allows, and all come back. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '@warren/runtime/testing'
import { startNodeAgent, withKubernetes } from '@warren/runtime/testing/kubernetes'
import { install } from './support/installation.ts'
import { instancesIn, type Pod } from './support/instances.ts'
import { SESSION_NODE, sessionsOf, startWhatsApp } from './support/sessions.ts'

const COUNT = 5
/** A fifth of five: one at a time. */
const BOUND = { ROLL_MAX_UNAVAILABLE_PERCENT: '20' }

const { client, namespace, kubeconfigFile } = await withKubernetes({ after })
const { simulator, sessionEnv } = await startWhatsApp({ after })
const on = { kubeconfigFile, namespaces: [namespace] }
const warren = await install({ after }, on, { sessionEnv, env: BOUND })
const node = await startNodeAgent({ client, namespaces: [namespace], ...SESSION_NODE })
after(() => node.stop())
const sessions = await sessionsOf({ after }, warren, simulator)
const instances = instancesIn(client, namespace)

/** Looks all the time at who is connected to WhatsApp; not at what anybody says about it. */
function observe(phones: readonly string[]) {
  const stop = new AbortController()
  const seen = { most: 0, doubled: 0, looks: 0 }
  const looking = (async () => {
    while (!stop.signal.aborted) {
      const connected = (await simulator.sessions.list()).map(({ number }) => number)
      seen.most = Math.max(seen.most, phones.filter((phone) => !connected.includes(phone)).length)
      seen.doubled += connected.length - new Set(connected).size
      seen.looks += 1
      await delay(5)
    }
  })()
  return {
    async end() {
      stop.abort()
      await looking
      return seen
    },
  }
}

const isNew = ({ spec }: Pod) => spec.containers[0]?.env?.some(({ name }) => name === 'RELEASE') ?? false

test('an upgrade replaces all pods and never takes more sessions down than the bound', async () => {
  const old = await warren.replica('old')
  await old.untilLeading()
  const phones: string[] = []
  for (let n = 0; n < COUNT; n++) {
    const organization = `org-${n}`
    await instances.create(`wa-${n}`, { organization })
    phones.push(await sessions.link(instances, `wa-${n}`, organization))
  }
  const observer = observe(phones)
  // As a Deployment does it: the next replica is there before the last one goes.
  const next = await warren.replica('next', { sessionEnv: { RELEASE: '2' } })
  await next.untilReady()
  assert.equal(await old.stop(), 0)
  await next.untilLeading()
  await until(
    async () => {
      const pods = await instances.pods()
      const list = await instances.list()
      const ready = list.filter(({ status }) =>
        status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
      )
      return pods.length === COUNT && pods.every(isNew) && ready.length === COUNT
    },
    { timeoutMs: 150_000, everyMs: 250, describe: 'all sessions of the new release' },
  )
  const { most, doubled, looks } = await observer.end()
  assert.ok(looks > COUNT)
  assert.equal(most, 1, `${most} were down at a time`)
  assert.equal(doubled, 0)
  for (let n = 0; n < COUNT; n++) {
    const key = sessions.keyOf(instances, `wa-${n}`, `org-${n}`)
    assert.equal((await sessions.store.session(key))?.epoch, 2, 'one restart each')
  }
})
