import assert from 'node:assert/strict'
import { test } from 'node:test'
import { afterFailure, type Healths, inOrder } from './choose.ts'
import { isPrivate } from './private-address.ts'
import { readProxies } from './proxy-url.ts'

test('a list holds URLs of proxies, and a mistake is told without what stands in the line', () => {
  const text =
    '\n# ours\nhttp://user:pass@one.example\n  socks5://two.example:9050 \nhttps://[2001:db8::1]:8443\n'
  assert.deepEqual(
    readProxies(text).map(({ address }) => address),
    ['one.example:80', 'two.example:9050', '[2001:db8::1]:8443'],
  )
  for (const bad of ['ftp://u:secret@x', 'one.example:80', 'u:secret', ''])
    assert.throws(
      () => readProxies(bad),
      (error: Error & { code?: string }) =>
        error.code === 'proxy_unavailable' && !error.message.includes('secret'),
      bad,
    )
})

test('the present proxy stays first, failed ones come last and the longest resting one at the end', () => {
  const proxies = ['a', 'b', 'c', 'd'].map((name) => ({ url: new URL(`http://${name}`) }))
  const order = (healths: Healths, now: number, current?: string) =>
    inOrder(proxies, healths, now, current)
      .map(({ url }) => url.hostname)
      .join('')
  assert.equal(order(new Map(), 0), 'abcd')
  assert.equal(order(new Map(), 0, 'http://c/'), 'cabd')
  const a = afterFailure(undefined, 0)
  const b = afterFailure(a, 0)
  const healths = new Map([
    ['http://b/', b],
    ['http://a/', a],
  ])
  assert.equal(order(healths, 0, 'http://a/'), 'cdab')
  assert.equal(order(healths, a.restsUntilMs, 'http://a/'), 'acdb')
  let health = a
  for (let i = 0; i < 20; i++) health = afterFailure(health, 0)
  assert.equal(health.restsUntilMs, 10 * 60_000)
})

test('private addresses, in whatever form', () => {
  const inside = [
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
  ]
  for (const address of [...inside, '[::1]', '::', 'fd00::1', 'fe80::1', '::ffff:10.0.0.1', '224.0.0.1'])
    assert.equal(isPrivate(address), true, address)
  for (const address of ['8.8.8.8', '172.32.0.1', '2606:4700::1111', 'one.example'])
    assert.equal(isPrivate(address), false, address)
})
