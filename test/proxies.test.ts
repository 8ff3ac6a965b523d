/** An instance behind a pool of proxies, from REST to WhatsApp's side of the connection. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { tempDir, until } from '@warren/runtime/testing'
import { type InstanceView, waitActive } from './support/account.ts'
import { startProduct } from './support/product.ts'
import { startHttpProxy } from './support/proxy-servers.ts'

const NUMBER = '491700000081'

test('a pool that was given over REST is what WhatsApp sees', { timeout: 180_000 }, async () => {
  const product = await startProduct({ after }, tempDir({ after }))
  const api = await product.signIn()
  const proxy = await startHttpProxy({ after }, '127.0.0.2')
  await api.call('POST', '/proxies', { name: 'home', urls: [proxy.url] })
  await product.simulator.phones.create({ number: NUMBER })
  const { id } = await api.call<InstanceView>('POST', '/instances', { proxy: { pool: 'home' } })
  const { qr } = await until(() => api.call<{ qr: string }>('GET', `/instances/${id}/qr`), {
    timeoutMs: 60_000,
    describe: 'a QR',
  })
  await product.simulator.phones.scan(NUMBER, qr)
  await waitActive(api, id)
  assert.deepEqual(await product.simulator.clientAddresses(), ['127.0.0.2'])
  const { proxy: shown } = await api.call<{ proxy: object }>('GET', `/instances/${id}`)
  assert.deepEqual(shown, { pool: 'home', address: new URL(proxy.url).host })
})
