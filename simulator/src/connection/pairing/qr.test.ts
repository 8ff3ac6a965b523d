import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createSimulator } from '../../index.ts'
import { redirect } from '../../redirect.ts'
import { connectBare } from '../../testing/bare-client.ts'
import { linkBare } from '../../testing/linked-client.ts'

const simulator = createSimulator({ prekeyCount: 'plenty' })

before(async () => redirect((await simulator.start()).trust))
after(() => simulator.stop())

test('a QR scan links a real client: 515, login, open', async () => {
  const number = '491700000001'
  await simulator.phones.create({ number, pushName: 'Ada' })
  const first = connectBare()
  const linked = await simulator.phones.scan(number, await first.qr())
  assert.equal(await first.closed(), 515)
  assert.equal(first.isNewLogin, true)

  const second = connectBare(first.auth)
  await second.open()
  assert.equal(second.sock.user?.id, linked.jid)
  assert.equal(second.sock.user?.lid, linked.lid)
  const [device] = (await simulator.phones.get(number)).devices
  assert.equal(device?.connected, true)
  await second.end()
})

test('a scan says why it failed', async () => {
  const number = '491700000002'
  await simulator.phones.create({ number })
  const client = connectBare()
  const qr = await client.qr()
  const [ref, , identity, secret] = qr.split(',')
  const other = Buffer.alloc(32, 7).toString('base64')
  const refusals: [string, string][] = [
    ['not a qr', 'qr_malformed'],
    [`${ref},short,${identity},${secret}`, 'qr_malformed'],
    [`2@unknown,${other},${identity},${secret}`, 'qr_expired'],
    [`${ref},${other},${identity},${secret}`, 'qr_mismatch'],
  ]
  for (const [text, code] of refusals) {
    await assert.rejects(simulator.phones.scan(number, text), { code, field: 'qr' })
  }
  await client.end()
  await assert.rejects(simulator.phones.scan(number, qr), { code: 'qr_expired' })
})

test('a secret that is not the drawn one fails on both sides', async () => {
  const number = '491700000003'
  await simulator.phones.create({ number })
  const client = connectBare()
  const fields = (await client.qr()).split(',')
  fields[3] = Buffer.alloc(32, 9).toString('base64')
  await assert.rejects(simulator.phones.scan(number, fields.join(',')), { code: 'could_not_link' })
  assert.equal(await client.closed(), 500)
})

test('companion_reg_refresh: the drawn QR is void, one with a new secret links', async () => {
  const number = '491700000004'
  await simulator.phones.create({ number })
  await simulator.faults.set({ companionRegRefresh: true }, number)
  const client = connectBare()
  const refreshed = new Promise((resolve) =>
    client.sock.ws.on('CB:notification,type:companion_reg_refresh', resolve),
  )
  const qr = await client.qr()
  await assert.rejects(simulator.phones.scan(number, qr), { code: 'could_not_link', field: 'qr' })
  await refreshed
  await assert.rejects(simulator.phones.scan(number, qr), { code: 'could_not_link' })

  // What a client must do, and rc14 does not: make a new secret and draw the same reference with it.
  const secret = Buffer.alloc(32, 5).toString('base64')
  client.auth.state.creds.advSecretKey = secret
  await simulator.phones.scan(number, qr.split(',').with(3, secret).join(','))
  assert.equal(await client.closed(), 515)
})

test('a phone has at most four linked devices, and an unlinked one is logged out for good', async () => {
  const number = '491700000005'
  const clients = await Promise.all(Array.from({ length: 4 }, () => linkBare(simulator, number)))
  const fifth = connectBare()
  await assert.rejects(simulator.phones.scan(number, await fifth.qr()), { code: 'too_many_devices' })
  await fifth.end()

  const [gone, ...rest] = clients
  assert.ok(gone)
  await simulator.phones.unlink(number, Number(gone.sock.user?.id.split(/[:@]/)[1]))
  assert.equal(await gone.closed(), 401)
  const again = connectBare(gone.auth)
  assert.equal(await again.closed(), 401)
  assert.equal((await simulator.phones.get(number)).devices.length, 3)
  for (const client of rest) await client.end()
})

test('a client that logs out is unlinked', async () => {
  const number = '491700000006'
  const client = await linkBare(simulator, number)
  await client.sock.logout()
  const again = connectBare(client.auth)
  assert.equal(await again.closed(), 401)
  assert.deepEqual((await simulator.phones.get(number)).devices, [])
})
