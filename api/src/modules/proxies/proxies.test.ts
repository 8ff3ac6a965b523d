import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { deriveProxyKey, open } from '@warren/runtime/crypto'
import type { Tenant } from '../../testing/client.ts'
import { startApi, startServices } from '../../testing/harness.ts'

const services = await startServices({ after })
const { send, register } = await startApi(services)
const URLS = ['http://user:s3cret@one.example:8080', 'socks5://two.example']

let tenant: Tenant
let stranger: Tenant
before(async () => {
  ;[tenant, stranger] = [await register(), await register()]
})

const call = (method: string, path: string, body?: object, { token }: Tenant = tenant) =>
  send(method, `/api/v1${path}`, { token, ...(body ? { body } : {}) })

describe('pools of proxies', () => {
  it('are kept sealed for the sessions of the organisation, and never shown again', async () => {
    const created = await call('POST', '/proxies', { name: 'eu', urls: URLS })
    assert.deepEqual(
      [created.status, created.body.addresses],
      [201, ['one.example:8080', 'two.example:1080']],
    )
    const list = await call('GET', '/proxies')
    assert.doesNotMatch(JSON.stringify([created.body, list.body]), /s3cret/)
    const stored = await services.store.proxyPool(tenant.organization, 'eu')
    assert.ok(stored && !Buffer.from(stored.sealed).includes('s3cret'))
    const master = { id: 1, bytes: Buffer.from(services.proxyMasterKey, 'base64') }
    const read = (organization: string) =>
      JSON.parse(
        open(deriveProxyKey(master, organization), stored.sealed, `proxies/${stored._id}`).toString(),
      )
    assert.deepEqual(read(tenant.organization), URLS)
    assert.throws(() => read(stranger.organization))
  })

  it('are each organisation’s own', async () => {
    assert.equal((await call('GET', '/proxies/eu', undefined, stranger)).body.code, 'not_found')
    assert.deepEqual((await call('GET', '/proxies', undefined, stranger)).body.items, [])
    assert.equal((await call('POST', '/proxies', { name: 'eu', urls: URLS }, stranger)).status, 201)
    assert.equal((await call('POST', '/proxies', { name: 'eu', urls: URLS })).body.code, 'already_exists')
  })

  it('take URLs of proxies only, and do not repeat a wrong one', async () => {
    for (const wrong of ['ftp://u:s3cret@x', 'u:s3cret', 'http://']) {
      const answer = await call('PATCH', '/proxies/eu', { urls: [URLS[0], wrong] })
      assert.equal(answer.body.code, 'validation_failed')
      assert.equal(answer.body.errors[0].path, 'body.urls.1')
      assert.doesNotMatch(JSON.stringify(answer.body), /s3cret/)
    }
    const replaced = await call('PATCH', '/proxies/eu', { urls: ['socks5://three.example:99'] })
    assert.deepEqual(replaced.body.addresses, ['three.example:99'])
  })

  it('are named by instances, and stay while one names them', async () => {
    const { body } = await call('POST', '/instances', { proxy: { pool: 'eu' } })
    assert.deepEqual(body.proxy, { pool: 'eu' })
    assert.equal((await call('DELETE', '/proxies/eu')).body.code, 'conflict')
    const changed = await call('PATCH', `/instances/${body.id}`, { proxy: null })
    assert.deepEqual([changed.status, changed.body.proxy], [200, undefined])
    assert.equal((await call('DELETE', '/proxies/eu')).status, 204)
    const secret = await call('PATCH', `/instances/${body.id}`, { proxy: { secretRef: { name: 'x' } } })
    assert.equal(secret.body.code, 'validation_failed')
  })
})
