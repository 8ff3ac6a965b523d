/**
 * The command line over Kubernetes: resources on a real API server, sessions as real processes. The API server has no kubelet here, so a
 * forwarded port is a socket to the session's control listener; the forwarding itself is proven in `test/cluster`.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createKubernetesAccess, loadKubeApi } from '@warren/cli'
import { instanceIdOf } from '@warren/contracts'
import { systemClock as clock } from '@warren/runtime/clock'
import { type Cleanup, freePort, tempDir } from '@warren/runtime/testing'
import { withKubernetes } from '@warren/runtime/testing/kubernetes'
import { parse, stringify } from 'yaml'
import { createRig } from '../session-pod/rig.ts'
import { commandsWorkOver } from './support/conformance.ts'
import { cli, startCli } from './support/terminal.ts'

/** Sessions are started within a test and live until the last one: `after` would end them with the test that it is called in. */
const cleanups: (() => unknown)[] = []
const file: Cleanup = { after: (cleanup) => void cleanups.unshift(cleanup) }
after(async () => {
  for (const cleanup of cleanups) await cleanup()
})
const cluster = await withKubernetes(file)
const rig = await createRig(file)
const { namespace, kubeconfigFile: kubeconfig } = cluster
const api = await loadKubeApi({ kubeconfig, namespace })
const ports = new Map<string, number>()

const access = createKubernetesAccess(
  {
    ...api,
    async dial(path) {
      const [, pod = ''] = /\/pods\/([^/]+)\/portforward\?ports=8082$/.exec(path) ?? assert.fail(path)
      const socket = connect(ports.get(pod) ?? 0, '127.0.0.1')
      await once(socket, 'connect')
      return socket
    },
  },
  clock,
)

/** What the operator would do: a session for the instance, and its pod in the status. */
async function startSession(name: string): Promise<void> {
  const port = await freePort()
  ports.set(name, port)
  const instance = instanceIdOf({ namespace, name })
  rig.account().start({ WARREN_INSTANCE: instance, CONTROL_PORT: String(port) })
  await tellStatus(name, { phase: 'Pairing', pod: name })
}

const pathOf = (name: string) => `/apis/warren.dev/v1alpha1/namespaces/${namespace}/whatsappinstances/${name}`
const tellStatus = (name: string, status: object) =>
  cluster.client.request('PATCH', `${pathOf(name)}/status`, { body: { status } })

commandsWorkOver({
  access,
  simulator: rig.simulator,
  createFlags: ['--organization', 'acme'],
  created: startSession,
})

/** As a person would call it, with the kubeconfig alone. */
const here = ['--kubeconfig', kubeconfig, '-n', namespace]
/** The same person with no rights at all. */
const asNobody = join(tempDir(file), 'kubeconfig')
const theirs = parse(cluster.kubeconfig)
for (const { user } of theirs.users) user.as = 'bob'
writeFileSync(asNobody, stringify(theirs))

test('names of namespaces, contexts and instances that are not there', async () => {
  const rows: [args: string[], code: number, said: RegExp][] = [
    [
      ['get', 'nobody', ...here],
      3,
      new RegExp(`^error: There is no instance nobody in namespace ${namespace}\\.`),
    ],
    [
      ['list', '--kubeconfig', kubeconfig, '--context', 'moon'],
      1,
      /^error: The kubeconfig has no context moon\. It has: /,
    ],
    [['list', '--kubeconfig', '/nonexistent'], 1, /^error: The kubeconfig cannot be read: ENOENT/],
    [
      ['create', 'x', '--organization', 'acme', '--kubeconfig', kubeconfig, '-n', 'moon'],
      3,
      /^error: There is no namespace moon/,
    ],
    [
      ['create', 'x', ...here],
      1,
      /^error: An instance belongs to an organisation: name it with --organization/,
    ],
  ]
  for (const [args, code, said] of rows) {
    const refused = startCli(args)
    assert.equal(await refused.code, code, refused.err())
    assert.match(refused.err(), said)
  }
})

test('what the schema refuses is said in its words', async () => {
  const bad = startCli(['create', 'x', '--organization', 'acme', '--max-attempts', '9', ...here])
  assert.equal(await bad.code, 1)
  assert.match(bad.err(), /^error: spec\.pairing\.maxAttempts: .*less than or equal to 6/)
  const contradicting = startCli(['create', 'x', '--organization', 'acme', '--method', 'Code', ...here])
  assert.equal(await contradicting.code, 1)
  assert.match(contradicting.err(), /pairing\.method Code needs pairing\.phoneNumber/)
  await cli(['create', 'twice', '--organization', 'acme', '--suspended', ...here])
  const twice = startCli(['create', 'twice', '--organization', 'acme', ...here])
  assert.equal(await twice.code, 1)
  assert.match(
    twice.err(),
    /^error: There is an instance twice in namespace .* already\.\n→ kubectl wa status twice -n \S+ --kubeconfig \S+\n$/,
  )
})

test('whoever lacks a right is told which', async () => {
  const rows: [args: string[], rule: RegExp][] = [
    [
      ['list'],
      /may not list whatsappinstances .*apiGroups \["warren\.dev"\], resources \["whatsappinstances"\], verbs \["list"\]/,
    ],
    [['suspend', 'twice'], /may not patch whatsappinstances /],
    [['qr', 'twice'], /may not get whatsappinstances /],
  ]
  for (const [args, rule] of rows) {
    const refused = startCli([...args, '--kubeconfig', asNobody, '-n', namespace])
    assert.equal(await refused.code, 4, refused.err())
    assert.match(refused.err(), rule)
  }
})

test('whoever may read instances and not forward ports is told so', async () => {
  const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' }
  await cluster.client.request('POST', `${path}/roles`, {
    body: {
      metadata: { name: 'reader' },
      rules: [{ apiGroups: ['warren.dev'], resources: ['whatsappinstances'], verbs: ['get', 'list'] }],
    },
  })
  await cluster.client.request('POST', `${path}/rolebindings`, {
    body: {
      metadata: { name: 'reader' },
      roleRef,
      subjects: [{ kind: 'User', name: 'bob', apiGroup: roleRef.apiGroup }],
    },
  })
  await cli(['create', 'seen', '--organization', 'acme', ...here])
  const refused = startCli(['qr', 'seen', '--kubeconfig', asNobody, '-n', namespace, '--timeout', '5s'])
  await tellStatus('seen', { phase: 'Pairing', pod: 'seen' })
  assert.equal(await refused.code, 4, refused.err())
  assert.match(refused.err(), /You may not get and create pods\/portforward .*verbs \["get", "create"\]/)
})

test('a pod that is gone is waited for, and then given up', async () => {
  const lost = startCli(['qr', 'seen', ...here, '--timeout', '2s'])
  assert.equal(await lost.code, 5)
  assert.match(
    lost.err(),
    /^There is no session pod seen in namespace .*\. Waiting …\nerror: No phone was linked to seen in 2s\.\n→ kubectl wa status seen/,
  )
})

test('lists as people and programs want them', async () => {
  const listed = await cli(['list', '-o', 'wide', ...here])
  assert.match(listed, /^NAME +PHASE +READY +REASON +ORGANIZATION +PHONE +POD +DISPLAY NAME +AGE\n/)
  assert.match(listed, /^seen +Pairing +Unknown +acme +seen +\d+s$/m)
  const { kind, items } = JSON.parse(await cli(['list', '-o', 'json', ...here]))
  assert.equal(kind, 'List')
  assert.ok(items.some((item: { metadata: { name: string } }) => item.metadata.name === 'twice'))
  assert.match(await cli(['list', '-A', '--kubeconfig', kubeconfig]), new RegExp(`^${namespace} +seen `, 'm'))
  assert.match(await cli(['get', 'seen', '-o', 'yaml', ...here]), /^kind: WhatsAppInstance$/m)
})

test('restart asks for one restart', async () => {
  await cli(['restart', 'seen', ...here])
  const { metadata } = await cluster.client.request('GET', pathOf('seen'))
  assert.match(JSON.stringify(metadata.annotations), /"warren\.dev\/restartedAt":"20/)
})
