/** The chart on a real API server: what it renders is accepted, and its rights and policies do what they say. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, test } from 'node:test'
import { until } from '@warren/runtime/testing'
import { findKubectl, type KubernetesObject, withKubernetes } from '@warren/runtime/testing/kubernetes'
import { CHART, helm, render, VALUE_SETS, type Values, valuesOf } from './support/chart.ts'

const cluster = await withKubernetes({ after })
const kubectlPath = await findKubectl({ env: process.env, onProgress: (line) => console.error(line) })
const release = cluster.namespace
const team = await cluster.createNamespace({ 'warren.dev/organization': 'acme' })

function kubectl(args: string[], objects: readonly KubernetesObject[] = []) {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
  return spawnSync(kubectlPath, ['--kubeconfig', cluster.kubeconfigFile, ...args], {
    input,
    encoding: 'utf8',
  })
}

/** This test's own namespaces in place of those of the value sets, which other tests read as they stand. */
function renderHere(set: (typeof VALUE_SETS)[number]): KubernetesObject[] {
  const names: Record<string, string> = { 'team-a': release, 'team-b': team, monitoring: release }
  const text = JSON.stringify(valuesOf(set)).replace(
    /"(team-[ab]|monitoring)"/g,
    (_, name) => `"${names[name]}"`,
  )
  return render(JSON.parse(text), release)
}

/** Of the Prometheus operator, which is not installed here. */
const isForeign = ({ apiVersion }: KubernetesObject) =>
  apiVersion?.startsWith('monitoring.coreos.com/') ?? false

for (const set of VALUE_SETS)
  test(`${set}: the API server accepts every object, strictly`, () => {
    const objects = renderHere(set).filter((object) => !isForeign(object))
    const { status, stdout, stderr } = kubectl(
      ['apply', '--server-side', '--force-conflicts', '--dry-run=server', '--validate=strict', '-f', '-'],
      objects,
    )
    assert.equal(status, 0, stderr)
    assert.equal(stdout.trim().split('\n').length, objects.length)
    assert.doesNotMatch(stderr, /unknown field|deprecated/i)
  })

test('each service account may do what it must and nothing more', async () => {
  const objects = renderHere('namespaced').filter(({ kind }) =>
    ['Role', 'RoleBinding', 'ServiceAccount'].includes(kind ?? ''),
  )
  assert.equal(kubectl(['apply', '-f', '-'], objects).status, 0)
  const may = async (account: string, verb: string, what: string, namespace = team, name?: string) => {
    const [resource = '', group = ''] = what.split('.', 1).concat(what.split('.').slice(1).join('.'))
    const [main, subresource] = resource.split('/')
    const review = await cluster.client.request<{ metadata: { name: string }; status: { allowed: boolean } }>(
      'POST',
      '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      {
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SubjectAccessReview',
          spec: {
            user: `system:serviceaccount:${release}:${account}`,
            resourceAttributes: { verb, group, resource: main, subresource, namespace, name },
          },
        },
      },
    )
    return review.status.allowed
  }
  await until(() => may('warren-operator', 'create', 'pods'), { describe: 'the roles to count' })

  const wai = 'whatsappinstances.warren.dev'
  for (const [account, verb, what, namespace, name] of [
    ['warren-operator', 'patch', 'whatsappinstances/status.warren.dev'],
    ['warren-operator', 'get', 'secrets'],
    ['warren-operator', 'get', 'namespaces', team, team],
    ['warren-operator', 'create', 'events.events.k8s.io'],
    ['warren-operator', 'update', 'leases.coordination.k8s.io', release, 'warren-operator'],
    ['warren-api', 'create', wai],
    ['warren-api', 'list', wai],
  ] as const)
    assert.ok(await may(account, verb, what, namespace, name), `${account} must ${verb} ${what}`)

  for (const [account, verb, what, namespace, name] of [
    ['warren-operator', 'list', 'secrets'],
    ['warren-operator', 'watch', 'secrets'],
    ['warren-operator', 'delete', 'secrets'],
    ['warren-operator', 'create', wai],
    ['warren-operator', 'delete', wai],
    ['warren-operator', 'create', 'pods', 'default'],
    ['warren-operator', 'get', 'namespaces', 'default', 'default'],
    ['warren-operator', 'create', 'pods/exec'],
    ['warren-operator', 'update', 'leases.coordination.k8s.io', release, 'another'],
    ['warren-api', 'get', 'secrets'],
    ['warren-api', 'get', 'pods'],
    ['warren-api', 'patch', 'whatsappinstances/status.warren.dev'],
    ['warren-api', 'list', wai, 'default'],
    ['warren-session', 'get', wai],
    ['warren-session', 'get', 'secrets'],
  ] as const)
    assert.ok(!(await may(account, verb, what, namespace, name)), `${account} must not ${verb} ${what}`)
})

test('the keys of an installation outlive upgrades and removal, and cannot be made anew by mistake', async (t) => {
  const namespace = await cluster.createNamespace()
  const values = { ...valuesOf('minimal'), crds: { enabled: false }, organizationPolicy: { enabled: false } }
  const at = ['--namespace', namespace, '--kubeconfig', cluster.kubeconfigFile]
  const run = (args: string[], more: Values = {}) => {
    const { status, stdout, stderr } = helm([...args, ...at], { ...values, ...more })
    assert.equal(status, 0, stderr)
    return stdout
  }
  const keys = () =>
    kubectl(['-n', namespace, 'get', 'secret', 'warren-keys', '-o', 'jsonpath={.data}']).stdout
  t.after(() => helm(['uninstall', 'warren', '--no-hooks', '--ignore-not-found', ...at]))

  const notes = run(['install', 'warren', CHART])
  assert.match(notes, new RegExp(`kubectl wa qr first -n ${namespace}$`, 'm'))
  const made = keys()
  assert.match(made, /master-key/)
  run(['upgrade', 'warren', CHART], { operator: { logLevel: 'debug' } })
  assert.equal(keys(), made)

  const blind = render(values, namespace).filter(({ metadata }) => metadata.name === 'warren-keys')
  assert.match(kubectl(['apply', '-f', '-'], blind).stderr, /immutable/)

  assert.equal(helm(['uninstall', 'warren', '--no-hooks', ...at]).status, 0)
  assert.equal(keys(), made)
  run(['install', 'warren', CHART])
  assert.equal(keys(), made)
})

test('a namespace of an organisation takes its instances only, and the refusal says so', async (t) => {
  const objects = render(
    { ...valuesOf('minimal'), watchNamespaces: [team, release], api: { instanceNamespace: release } },
    release,
  ).filter(({ kind }) => kind?.startsWith('ValidatingAdmissionPolicy'))
  assert.equal(objects.length, 2)
  t.after(() => kubectl(['delete', '--wait=false', '-f', '-'], objects))
  assert.equal(kubectl(['apply', '-f', '-'], objects).status, 0)

  const instance = (namespace: string, organization: string): KubernetesObject => ({
    apiVersion: 'warren.dev/v1alpha1',
    kind: 'WhatsAppInstance',
    metadata: { namespace, name: 'one' },
    spec: { organization },
  })
  const create = (object: KubernetesObject) => kubectl(['create', '--dry-run=server', '-f', '-'], [object])
  // A new policy counts after a moment.
  await until(() => create(instance(team, 'other')).status !== 0, { describe: 'the policy to count' })
  assert.match(
    create(instance(team, 'other')).stderr,
    /this namespace belongs to the organization acme, and the resource says other/,
  )
  assert.equal(create(instance(team, 'acme')).status, 0)
  assert.equal(create(instance(release, 'other')).status, 0)
})
