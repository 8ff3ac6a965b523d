import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createSimulator } from '../../index.ts'
import { redirect } from '../../redirect.ts'
import { connectBare } from '../../testing/bare-client.ts'

const simulator = createSimulator()

before(async () => redirect((await simulator.start()).trust))
after(() => simulator.stop())

test('a QR scan links a real client: 515, login, open', async () => {
  await simulator.phones.create({ number: '491700000001', pushName: 'Ada' })
  const first = connectBare()
  const linked = await simulator.phones.scan('491700000001', await first.qr())
  assert.equal(await first.closed(), 515)
  assert.equal(first.isNewLogin, true)

  const second = connectBare(first.auth)
  await second.open()
  assert.equal(second.sock.user?.id, linked.jid)
  assert.equal(second.sock.user?.lid, linked.lid)
  const [device] = (await simulator.phones.get('491700000001')).devices
  assert.equal(device?.connected, true)
  assert.ok((device?.preKeys ?? 0) > 100)
  await second.end()
})
