import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createSimulator } from '../index.ts'
import { redirect } from '../redirect.ts'
import { connectBare } from '../testing/bare-client.ts'
import { fromSession, pick, toSession } from '../testing/entries.ts'
import { linkBare } from '../testing/linked-client.ts'
import { waitFor } from '../testing/wait-for.ts'

const ACCOUNT = '491700000020'
const CONTACT = '491700000021'
let folder = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simulator-'))
})
after(() => rm(folder, { recursive: true }))

test('what was not acknowledged comes again after a reconnect, marked offline', async (t) => {
  const simulator = createSimulator({ prekeyCount: 'plenty' })
  t.after(() => simulator.stop())
  redirect((await simulator.start()).trust)
  await simulator.phones.create({ number: ACCOUNT, initialSync: true })
  const client = await linkBare(simulator, ACCOUNT)
  await simulator.contacts.send(CONTACT, { to: ACCOUNT, text: 'first' })
  await simulator.drained()

  // As killed: the stanza arrives, no receipt ever leaves, and the ratchet is the one from before.
  const beforeCrash = client.auth.snapshot()
  client.sock.ws.removeAllListeners('CB:message')
  const { id } = await simulator.contacts.send(CONTACT, { to: ACCOUNT, text: 'unheard' })
  await waitFor('sent', async () => (await toSession(simulator, id)).sent === 1)
  await client.end()
  const while_ = await simulator.contacts.send(CONTACT, { to: ACCOUNT, text: 'while away' })
  await assert.rejects(simulator.drained({ timeoutMs: 50 }), { code: 'timeout' })

  const again = connectBare(beforeCrash)
  await again.open()
  assert.equal(await again.text(id), 'unheard')
  assert.equal(await again.text(while_.id), 'while away')
  assert.equal(again.upsertTypes.get(id), 'append')
  await simulator.drained()
  assert.deepEqual(pick(await toSession(simulator, id), 'queued', 'sent', 'acknowledged'), {
    queued: 1,
    sent: 2,
    acknowledged: 1,
  })
  assert.deepEqual(pick(await toSession(simulator, while_.id), 'sent', 'acknowledged'), {
    sent: 1,
    acknowledged: 1,
  })
  await again.end()
})

test('a simulator restarted with its state is the same to its clients', async (t) => {
  const stateFile = join(folder, 'state.json')
  const first = createSimulator({ stateFile })
  const { trust, webSocketUrl, mediaUrl } = await first.start()
  redirect(trust)
  await first.phones.create({ number: ACCOUNT, initialSync: true })
  const client = await linkBare(first, ACCOUNT)
  const sent = await client.sock.sendMessage(`${CONTACT}@s.whatsapp.net`, { text: 'before' })
  await waitFor('opened', async () => (await fromSession(first, sent?.key.id ?? '')).opened === 1)
  await first.drained()
  await client.end()
  const waiting = await first.contacts.send(CONTACT, { to: ACCOUNT, text: 'kept' })
  await first.stop()

  const second = createSimulator({ stateFile, port: Number(new URL(webSocketUrl).port) })
  t.after(() => second.stop())
  const addresses = await second.start()
  assert.deepEqual(addresses.trust, trust)
  assert.equal(addresses.mediaUrl, mediaUrl)
  const again = connectBare(client.auth)
  await again.open()
  assert.equal(await again.text(waiting.id), 'kept')
  const later = await again.sock.sendMessage(`${CONTACT}@s.whatsapp.net`, { text: 'after' })
  await waitFor('opened', async () => (await fromSession(second, later?.key.id ?? '')).opened === 1)
  await second.drained()
  const texts = (await second.ledger.read({ account: ACCOUNT })).entries.map(({ text }) => text)
  assert.deepEqual(texts, ['before', 'kept', 'after'])
  assert.equal((await fromSession(second, later?.key.id ?? '')).decryptFailures, 0)
  await again.end()
})
