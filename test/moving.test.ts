/** A session that moves over REST, from one instance to another: out of this Warren and into it again. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { tempDir, until } from '@warren/runtime/testing'
import { type InstanceView, linkAccount, waitActive } from './support/account.ts'
import { startProduct } from './support/product.ts'

const NUMBER = '491700000091'
const CONTACT = '491700000092'
const PASSPHRASE = 'correct horse battery staple'

test('a session is exported, and goes on from its bundle', { timeout: 240_000 }, async () => {
  const product = await startProduct({ after }, tempDir({ after }))
  const api = await product.signIn()
  const source = await linkAccount(product, api, 'before', NUMBER)
  await product.simulator.contacts.send(CONTACT, { to: NUMBER, text: 'hello' })

  await assert.rejects(api.call('POST', `/instances/${source}/export`, { passphrase: 'short' }), /passphrase/)
  const path = `/instances/${source}/export`
  const { bundle, account } = await api.call<{ bundle: string; account: { phone: string } }>('POST', path, {
    passphrase: PASSPHRASE,
  })
  assert.equal(account.phone, NUMBER)
  assert.ok(!Buffer.from(bundle, 'base64').includes(PASSPHRASE))
  const left = await api.call<InstanceView & { reason?: string }>('GET', `/instances/${source}`)
  assert.deepEqual([left.state, left.reason], ['loggedOut', 'Exported'])

  const { id } = await api.call<InstanceView>('POST', '/instances', {})
  const arrive = (passphrase: string) =>
    api.call('POST', `/instances/${id}/import`, { bundle, passphrase }).then(
      () => 'arrived',
      (error: Error) => /"code":"(\w+)"/.exec(error.message)?.[1],
    )
  const answer = (passphrase: string, wanted: string) =>
    until(async () => (await arrive(passphrase)) === wanted, {
      timeoutMs: 60_000,
      everyMs: 500,
      describe: wanted,
    })
  await answer('another passphrase', 'bundle_invalid')
  await answer(PASSPHRASE, 'arrived')
  await waitActive(api, id)
  await product.simulator.contacts.send(CONTACT, { to: NUMBER, text: 'still there?' })
  await until(
    async () => {
      const { items } = await api.call<{ items: { text?: string }[] }>('GET', `/instances/${id}/messages`)
      return items.some(({ text }) => text === 'still there?')
    },
    { timeoutMs: 30_000, describe: 'a message at the new place' },
  )
  const [device, ...more] = (await product.simulator.phones.get(NUMBER)).devices
  assert.deepEqual([device?.connected, more], [true, []])
})
