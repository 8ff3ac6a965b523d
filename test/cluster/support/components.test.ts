import assert from 'node:assert/strict'
import { test } from 'node:test'
import { first, second, users } from './components.ts'
import { containerdSocket, containerdToml, kubeconfigJson, kubeletJson } from './configuration.ts'
import { kubeconfigOf, nodeIP, nodeNumbers } from './layout.ts'

const programs = { hyperkube: '/hyperkube', coredns: '/coredns', containerd: '/containerd' }

test('every node has a container runtime and a kubelet, and every component a kubeconfig that someone may use', () => {
  const commands = [...first(programs, 3), ...second(programs, 3)]
  const names = commands.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  for (const node of nodeNumbers(3))
    assert.ok(names.includes(`containerd${node}`) && names.includes(`kubelet${node}`))
  const known = users(3).map(({ name }) => kubeconfigOf(name))
  const used = commands.flatMap(({ argv }) => argv.filter((arg) => arg.startsWith('--kubeconfig=')))
  assert.equal(used.length, 5)
  for (const flag of used) assert.ok(known.includes(flag.slice('--kubeconfig='.length)), flag)
})

test('nodes share a machine and no address', () => {
  const kubelets = [1, 2].map((node) => JSON.parse(kubeletJson(node)))
  for (const field of ['address', 'healthzPort', 'containerRuntimeEndpoint', 'cgroupRoot', 'podLogsDir'])
    assert.notEqual(kubelets[0][field], kubelets[1][field], field)
  assert.notEqual(nodeIP(1), nodeIP(2))
  assert.ok(containerdToml(2, '/runc').includes(`address = "${containerdSocket(2)}.ttrpc"`))
})

test('a kubeconfig is JSON that kubectl reads as YAML', () => {
  const config = JSON.parse(kubeconfigJson('https://10.200.0.2:6443', 'certificate', 'secret'))
  assert.equal(config.users[0].user.token, 'secret')
  assert.equal(atob(config.clusters[0].cluster['certificate-authority-data']), 'certificate')
})
