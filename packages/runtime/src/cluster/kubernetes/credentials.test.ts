import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createFakeClock } from '../../clock/index.ts'
import { tempDir } from '../../testing/index.ts'
import { connectionOf, createCredentials } from './credentials.ts'

test('a pod uses its service account, and a kubeconfig where one is named', () => {
  const pod = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' }
  assert.deepEqual(connectionOf(pod), { inCluster: { host: '10.96.0.1', port: '443' } })
  assert.deepEqual(connectionOf({ ...pod, KUBECONFIG: '/a' }), { kubeconfig: {} })
  assert.deepEqual(connectionOf({}), { kubeconfig: {} })
})

test('the token of a service account is read again after a minute, or when it was refused', async (it) => {
  const folder = tempDir(it)
  const clock = createFakeClock()
  writeFileSync(join(folder, 'ca.crt'), 'the authority')
  const renew = (token: string) => writeFileSync(join(folder, 'token'), `${token}\n`)
  const credentials = createCredentials({ inCluster: { host: 'fd00::1', port: '6443', folder } }, clock)
  await assert.rejects(credentials.current(), /ENOENT/)
  renew('first')
  const { server, headers, tls } = await credentials.current()
  assert.equal(server.href, 'https://[fd00::1]:6443/')
  assert.deepEqual([headers, tls], [{ authorization: 'Bearer first' }, { ca: 'the authority' }])
  renew('second')
  const token = async () => (await credentials.current()).headers.authorization
  assert.equal(await token(), 'Bearer first')
  await clock.advance(61_000)
  assert.equal(await token(), 'Bearer second')
  renew('third')
  credentials.rejected()
  assert.equal(await token(), 'Bearer third')
})

test('a kubeconfig says where and who, with certificates, tokens and passwords', async () => {
  const kubeconfig = (user: object) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name: 'c', cluster: { server: 'https://example.org/k8s', 'certificate-authority-data': 'Y2E=' } },
      ],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    })
  const accessOf = (user: object) =>
    createCredentials({ kubeconfig: { text: kubeconfig(user) } }, createFakeClock()).current()
  const byToken = await accessOf({ token: 'abc' })
  assert.equal(byToken.server.href, 'https://example.org/k8s')
  assert.equal(byToken.headers.authorization, 'Bearer abc')
  assert.equal(String(byToken.tls.ca), 'ca')
  assert.equal(byToken.agent, undefined)
  const byPassword = await accessOf({ username: 'a', password: 'b' })
  assert.equal(byPassword.headers.authorization, `Basic ${Buffer.from('a:b').toString('base64')}`)
  const data = { 'client-certificate-data': 'Y3J0', 'client-key-data': 'a2V5' }
  const byCertificate = await accessOf(data)
  assert.deepEqual([String(byCertificate.tls.cert), String(byCertificate.tls.key)], ['crt', 'key'])
})
