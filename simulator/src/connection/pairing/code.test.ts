import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createSimulator } from '../../index.ts'
import { redirect } from '../../redirect.ts'
import { connectBare } from '../../testing/bare-client.ts'

const simulator = createSimulator({ prekeyCount: 'plenty' })

before(async () => redirect((await simulator.start()).trust))
after(() => simulator.stop())

for (const custom of [undefined, 'WARREN24']) {
  test(`a ${custom ? 'custom' : 'random'} code links a real client`, async () => {
    const number = custom ? '491700000101' : '491700000102'
    await simulator.phones.create({ number })
    const first = connectBare()
    await first.qr()
    const code = await first.sock.requestPairingCode(number, custom)
    await simulator.phones.enterCode(number, `${code.slice(0, 4)}-${code.slice(4)}`)
    assert.equal(await first.closed(), 515)
    assert.equal(first.auth.state.creds.registered, true)
    const second = connectBare(first.auth)
    await second.open()
    await second.end()
  })
}

test('a wrong code is refused, the right one still links', async () => {
  const number = '491700000103'
  await simulator.phones.create({ number })
  const client = connectBare()
  await client.qr()
  await assert.rejects(simulator.phones.enterCode(number, 'ABCDEFGH'), { code: 'code_not_requested' })
  const code = await client.sock.requestPairingCode(number)
  await assert.rejects(simulator.phones.enterCode(number, '11111111'), { code: 'code_wrong', field: 'code' })
  await simulator.phones.enterCode(number, code)
  assert.equal(await client.closed(), 515)
})
