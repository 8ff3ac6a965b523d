/** REST and kubectl are two doors to the same resources: what one makes the other sees, and together they get no more than the plan allows. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { until } from '@warren/runtime/testing'
import { startNodeAgent, withKubernetes } from '@warren/runtime/testing/kubernetes'
import { startApi } from './support/api.ts'
import { install } from './support/installation.ts'
import { instancesIn, manifestOf, PATIENCE } from './support/instances.ts'
import { kubectlIn } from './support/kubectl.ts'

/** Of the plan that a new organisation has. */
const LIMIT = 5

const { client, namespace, kubeconfigFile } = await withKubernetes({ after })
const warren = await install({ after }, { kubeconfigFile, namespaces: [namespace] })
const node = await startNodeAgent({ client, namespaces: [namespace], stub: true })
after(() => node.stop())
const operator = await warren.replica('operator')
const api = await startApi({ after }, warren, { kubeconfigFile, namespace })
await operator.untilLeading()
const kubectl = await kubectlIn(kubeconfigFile, namespace)
const instances = instancesIn(client, namespace)

test('what kubectl edits and deletes REST tells, and the reverse', async () => {
  const { call, organization } = await api.register()
  const { id } = await call<{ id: string }>('POST', '/instances', { displayName: 'Sales' })
  const name = id.slice(namespace.length + 1)
  assert.match(await kubectl(['get', 'wai', '-o', 'wide']), new RegExp(`${name}.*${organization}`))
  await kubectl(['patch', 'wai', name, '--type=merge', '-p', '{"spec":{"displayName":"Support"}}'])
  await until(
    async () => (await call<{ displayName: string }>('GET', `/instances/${id}`)).displayName === 'Support',
    PATIENCE,
  )
  await call('DELETE', `/instances/${id}`)
  await instances.untilGone('whatsappinstances', name)
  await kubectl(['apply', '-f', '-'], manifestOf('applied', { organization }))
  await until(
    async () => JSON.stringify(await call('GET', '/instances')).includes(`${namespace}.applied`),
    PATIENCE,
  )
  await kubectl(['delete', 'wai', 'applied', '--timeout=60s'])
})

test('kubectl and REST together get no more pods than the plan allows', async () => {
  const { call, organization } = await api.register()
  let most = 0
  let done = false
  const watching = (async () => {
    while (!done) most = Math.max(most, (await instances.pods()).length)
  })()
  const answers = await Promise.allSettled([
    ...Array.from({ length: 6 }, () => call('POST', '/instances', {})),
    ...Array.from({ length: 6 }, (_, n) => instances.create(`wa-${n}`, { organization })),
  ])
  // A door may say no at once; whatever came in is told by its status.
  for (const answer of answers)
    if (answer.status === 'rejected') assert.match(String(answer.reason), /plan_limit_reached/)
  await until(
    async () => {
      const reasons = (await instances.list()).map(
        ({ status }) => status?.conditions?.find(({ type }) => type === 'Scheduled')?.reason,
      )
      const running = reasons.filter((reason) => reason === 'PodRunning').length
      return (
        running === LIMIT &&
        reasons.filter((reason) => reason === 'InstanceLimit').length === reasons.length - LIMIT
      )
    },
    { ...PATIENCE, describe: 'five to run and the others to wait' },
  )
  done = true
  await watching
  assert.equal(most, LIMIT)
})
