import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { deriveProxyKey, seal } from '@warren/runtime/crypto'
import { tempDir, until } from '@warren/runtime/testing'
import { startHttpProxy, startSocksProxy } from '../support/proxy-servers.ts'
import { createRig } from './rig.ts'

const rig = await createRig({ after })
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

beforeEach(() => rig.simulator.reset())

/** A mounted list of proxies. */
function listOf(...urls: string[]) {
  const path = join(tempDir({ after }), 'proxies')
  const write = (...lines: string[]) => writeFileSync(path, `# ours\n${lines.join('\n')}\n`)
  write(...urls)
  return { env: { WARREN_PROXIES_PATH: path, WARREN_PROXY_ALLOW_PRIVATE: 'true' }, write }
}

for (const [name, start] of [
  ['HTTP', startHttpProxy],
  ['SOCKS5', startSocksProxy],
] as const) {
  test(`everything goes through the ${name} proxy: the socket, and media`, async () => {
    const proxy = await start({ after }, '127.0.0.2')
    const account = rig.account()
    const pod = await account.link(listOf(proxy.url).env)
    await rig.simulator.contacts.send('491700009999', {
      to: account.phone,
      text: 'look',
      image: { data: PNG, mimetype: 'image/png' },
    })
    // Without an API nobody signs a place for the image; that it was fetched shows at the proxy.
    const media = new URL((await rig.simulator.trust()).webSocketUrl).port
    await until(() => proxy.targets.some((target) => !target.endsWith(`:${media}`)), { timeoutMs: 20_000 })
    await until(async () => (await account.entries('message.received')).length === 1)
    assert.deepEqual(await rig.simulator.clientAddresses(), ['127.0.0.2'])
    const address = new URL(proxy.url).host
    assert.deepEqual((await account.status())?.proxy, { address })
    assert.doesNotMatch(pod.output() + JSON.stringify(await account.status()), /s3cret/)
  })
}

test('a proxy that fails is replaced by another one of the list, and never by a direct connection', async () => {
  const first = await startHttpProxy({ after }, '127.0.0.2')
  const second = await startSocksProxy({ after }, '127.0.0.3')
  const account = rig.account()
  await account.link(listOf(first.url, second.url).env)
  assert.deepEqual(await rig.simulator.clientAddresses(), ['127.0.0.2'])
  await first.stop()
  await until(async () => (await account.status())?.proxy?.address === new URL(second.url).host, {
    timeoutMs: 30_000,
  })
  await account.until('connected')
  assert.deepEqual(await rig.simulator.clientAddresses(), ['127.0.0.2', '127.0.0.3'])
})

test('without a proxy that works it waits and says so, and connects as soon as the list has one', async () => {
  const proxy = await startHttpProxy({ after }, '127.0.0.4')
  const wrong = proxy.url.replace('user:', 'other:')
  const account = rig.account()
  const list = listOf(wrong, 'socks5://127.0.0.1:1')
  await rig.simulator.phones.create({ number: account.phone })
  const pod = account.start(list.env)
  const told = await until(
    async () => {
      const status = await account.status()
      return status?.reason === 'ProxyUnavailable' ? status : undefined
    },
    { timeoutMs: 20_000 },
  )
  assert.match(told.message ?? '', /the proxy answers 407/)
  assert.deepEqual(await rig.simulator.clientAddresses(), [])
  list.write(proxy.url)
  const qr = await until(async () => (await account.status())?.pairing?.qr, { timeoutMs: 30_000 })
  await rig.simulator.phones.scan(account.phone, qr)
  await account.until('connected')
  assert.deepEqual(await rig.simulator.clientAddresses(), ['127.0.0.4'])
  assert.doesNotMatch(pod.output(), /s3cret/)
})

test('a pool that the organisation keeps is read sealed, and only with its key', async () => {
  const proxy = await startSocksProxy({ after }, '127.0.0.5')
  const key = deriveProxyKey({ id: 3, bytes: randomBytes(32) }, 'acme')
  const _id = 'acme/eu'
  const sealed = seal(key, Buffer.from(JSON.stringify([proxy.url])), `proxies/${_id}`)
  const pool = { _id, organization: 'acme', name: 'eu', addresses: [], sealed, updatedAt: new Date() }
  await rig.store.putProxyPool(pool)
  const env = (bytes: Uint8Array) => ({
    WARREN_PROXY_POOL: 'eu',
    WARREN_PROXY_KEY: `3:${Buffer.from(bytes).toString('base64')}`,
    WARREN_PROXY_ALLOW_PRIVATE: 'true',
  })
  const account = rig.account()
  await account.link(env(key.bytes))
  assert.deepEqual(await rig.simulator.clientAddresses(), ['127.0.0.5'])
  const stranger = rig.account()
  stranger.start(env(randomBytes(32)))
  await until(async () => (await stranger.status())?.reason === 'ProxyUnavailable', { timeoutMs: 20_000 })
})

test('a proxy in the network of the sessions is refused unless that is allowed', async () => {
  const proxy = await startHttpProxy({ after }, '127.0.0.6')
  const account = rig.account()
  const { port } = new URL(proxy.url)
  account.start({
    ...listOf(proxy.url, `http://localhost:${port}`).env,
    WARREN_PROXY_ALLOW_PRIVATE: 'false',
  })
  const told = await until(
    async () => {
      const status = await account.status()
      return status?.reason === 'ProxyUnavailable' ? status : undefined
    },
    { timeoutMs: 20_000 },
  )
  assert.equal(told.message?.match(/private address/g)?.length, 2)
  assert.deepEqual(proxy.targets, [])
})
