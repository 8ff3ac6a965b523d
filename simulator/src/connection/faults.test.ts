import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import type { EndEvent, Faults } from '../index.ts'
import { createSimulator } from '../index.ts'
import { redirect } from '../redirect.ts'
import { type BareClient, connectBare } from '../testing/bare-client.ts'
import { fromSession } from '../testing/entries.ts'
import { linkBare } from '../testing/linked-client.ts'
import { waitFor } from '../testing/wait-for.ts'

const ACCOUNT = '491700000040'
const CONTACT_JID = '491700000041@s.whatsapp.net'
const simulator = createSimulator({ prekeyCount: 'plenty' })
let client: BareClient

const reconnect = async () => {
  client = connectBare(client.auth)
  await client.open()
}

before(async () => {
  redirect((await simulator.start()).trust)
  await simulator.phones.create({ number: ACCOUNT, initialSync: true })
  client = await linkBare(simulator, ACCOUNT)
})
afterEach(() => simulator.faults.clear())
after(async () => {
  await client.end()
  await simulator.stop()
})

const endings: [EndEvent, number][] = [
  [{ event: 'deviceRemoved' }, 401],
  [{ event: 'replaced' }, 440],
  [{ event: 'streamError', code: 515 }, 515],
  [{ event: 'streamError', code: 516 }, 516],
  [{ event: 'streamError', code: 503 }, 503],
  [{ event: 'streamError', code: 403 }, 403],
  [{ event: 'streamError', child: 'ack' }, 500],
  [{ event: 'streamEnd' }, 428],
  [{ event: 'close' }, 428],
  [{ event: 'terminate' }, 428],
  [{ event: 'downgrade' }, 411],
]
for (const [event, code] of endings) {
  test(`${JSON.stringify(event)} closes with ${code}`, async () => {
    assert.equal(await simulator.sessions.end(event, { number: ACCOUNT, device: 1 }), 1)
    assert.equal(await client.closed(), code)
    await reconnect()
  })
}

test('a second login of the device replaces the first', async () => {
  const first = client
  await reconnect()
  assert.equal(await first.closed(), 440)
})

for (const reason of [401, 402, 403, 405, 406, 409, 503]) {
  test(`login failure ${reason}, once`, async () => {
    await simulator.faults.set({ loginFailure: { reason, times: 1 } }, ACCOUNT)
    await client.end()
    const refused = connectBare(client.auth)
    assert.equal(await refused.closed(), reason)
    await reconnect()
  })
}

test('silence: the client gives up with 408', async () => {
  await client.end()
  client = connectBare(client.auth, { keepAliveIntervalMs: 50 })
  await client.open()
  await simulator.faults.set({ silence: true }, ACCOUNT)
  assert.equal(await client.closed(12_000), 408)
  await simulator.faults.clear(ACCOUNT)
  await reconnect()
})

const beforeLogin: [Faults, number][] = [
  [{ refuseConnections: true }, 408],
  [{ silence: true }, 408],
]
for (const [faults, code] of beforeLogin) {
  test(`${JSON.stringify(faults)} for everyone: connecting ends with ${code}`, async () => {
    await simulator.faults.set(faults)
    const refused = connectBare(undefined, { connectTimeoutMs: 300 })
    assert.equal(await refused.closed(), code)
  })
}

test('an HTTP error on the upgrade: Baileys says nothing at all', async () => {
  await simulator.faults.set({ upgradeStatus: 503 })
  const refused = connectBare(undefined, { connectTimeoutMs: 200 })
  const answer = await new Promise<number | undefined>((resolve) => {
    refused.sock.ws.on('unexpected-response', (_request, response) => resolve(response.statusCode))
  })
  assert.equal(answer, 503)
  assert.equal(refused.closeCode, undefined)
  await refused.end()
})

test('an ack with an error reaches the app and nothing is delivered', async () => {
  await simulator.faults.set({ ackError: { code: 463, times: 1 } }, ACCOUNT)
  const id = (await client.sock.sendMessage(CONTACT_JID, { text: 'refused' }))?.key.id ?? ''
  // Baileys folds the update into its own upsert when both fall into one buffer.
  const seen = await waitFor('error', () => {
    const updates = client.updates.flatMap(({ key, update }) => (key.id === id ? [update] : []))
    return [...updates, ...client.messages.filter(({ key }) => key.id === id)].find(
      ({ status }) => status === 0,
    )
  })
  assert.equal(seen.messageStubParameters?.[0], '463')
  const { refused, acked, opened } = await fromSession(simulator, id)
  assert.deepEqual({ refused, acked, opened }, { refused: 1, acked: 0, opened: 0 })
})

test('withheld acks: the message arrives all the same', async () => {
  await simulator.faults.set({ withholdAcks: true }, ACCOUNT)
  const id = (await client.sock.sendMessage(CONTACT_JID, { text: 'unacked' }))?.key.id ?? ''
  await waitFor('opened', async () => (await fromSession(simulator, id)).opened === 1)
  assert.equal((await fromSession(simulator, id)).acked, 0)
})

test('an ignored iq times out, others are answered', async () => {
  await simulator.faults.set({ ignoreIqs: ['w:p'] }, ACCOUNT)
  const ask = (xmlns: string) =>
    client.sock
      .query({ tag: 'iq', attrs: { to: 's.whatsapp.net', type: 'get', xmlns } }, 100)
      .catch(() => undefined)
  assert.equal(await ask('w:p'), undefined)
  assert.equal((await ask('blocklist'))?.attrs.type, 'result')
})

test('latency delays both directions and keeps the order', async () => {
  await simulator.faults.set({ latency: { inMs: 40, outMs: 40 } }, ACCOUNT)
  const from = performance.now()
  const answers: string[] = []
  await Promise.all(
    ['a', 'b', 'c'].map(async (id) => {
      await client.sock.query({
        tag: 'iq',
        attrs: { id, to: 's.whatsapp.net', type: 'get', xmlns: 'blocklist' },
      })
      answers.push(id)
    }),
  )
  assert.ok(performance.now() - from >= 80)
  assert.deepEqual(answers, ['a', 'b', 'c'])
})
