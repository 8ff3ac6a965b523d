import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createSimulator } from '../index.ts'
import { redirect } from '../redirect.ts'
import { connectBare } from '../testing/bare-client.ts'
import { fromSession } from '../testing/entries.ts'
import { linkBare } from '../testing/linked-client.ts'
import { waitFor } from '../testing/wait-for.ts'

const [ADA, BOB] = ['491700000030', '491700000031']
const simulator = createSimulator()

before(async () => redirect((await simulator.start()).trust))
after(() => simulator.stop())

test('two accounts and a second companion write to each other', async () => {
  const [ada, adaToo, bob] = [
    await linkBare(simulator, ADA),
    await linkBare(simulator, ADA),
    await linkBare(simulator, BOB),
  ]
  const hello = await ada.sock.sendMessage(`${BOB}@s.whatsapp.net`, { text: 'hello Bob' })
  const id = hello?.key.id ?? ''
  assert.equal(await bob.text(id), 'hello Bob')
  assert.equal(await adaToo.text(id), 'hello Bob')
  const copy = adaToo.messages.find(({ key }) => key.id === id)?.key
  assert.deepEqual([copy?.fromMe, copy?.remoteJid], [true, `${BOB}@s.whatsapp.net`])
  await waitFor('delivery', () => (ada.statusOf(id) ?? 0) >= 3)

  await bob.sock.readMessages([{ remoteJid: `${ADA}@s.whatsapp.net`, id, fromMe: false }])
  await waitFor('read', () => ada.statusOf(id) === 4)

  const answer = await bob.sock.sendMessage(`${ADA}@s.whatsapp.net`, { text: 'hello Ada' })
  assert.equal(await ada.text(answer?.key.id ?? ''), 'hello Ada')
  assert.equal(await adaToo.text(answer?.key.id ?? ''), 'hello Ada')
  await simulator.drained()
  assert.equal((await fromSession(simulator, id)).text, 'hello Bob')
  const copies = (await simulator.ledger.read({ direction: 'toSession', id })).entries
  assert.deepEqual(
    copies.map(({ chat, text }) => [chat, text]),
    [
      [`${ADA}|${BOB}`, 'hello Bob'],
      [`${BOB}|${ADA}`, 'hello Bob'],
    ],
  )
  for (const client of [ada, adaToo, bob]) await client.end()
})

test('a companion that lost its session asks the other account again', async () => {
  const [eve, tom] = ['491700000034', '491700000035']
  const written = new Map<string, string>()
  const getMessage = async ({ id }: { id?: string | null }) => ({ conversation: written.get(id ?? '') ?? '' })
  const author = await linkBare(simulator, eve, { getMessage })
  const reader = await linkBare(simulator, tom)
  const write = async (text: string) => {
    const id = (await author.sock.sendMessage(`${tom}@s.whatsapp.net`, { text }))?.key.id ?? ''
    written.set(id, text)
    return id
  }
  await reader.text(await write('one'))
  const answer = await reader.sock.sendMessage(`${eve}@s.whatsapp.net`, { text: 'two' })
  await author.text(answer?.key.id ?? '')
  await simulator.drained({ number: eve })

  await reader.sock.signalRepository.deleteSession([author.sock.user?.lid ?? ''])
  const id = await write('three')
  assert.equal(await reader.text(id), 'three')
  await simulator.drained({ number: tom })
  const [copy] = (await simulator.ledger.read({ direction: 'toSession', account: tom, id })).entries
  assert.ok(copy?.direction === 'toSession')
  assert.deepEqual([copy.queued, copy.acknowledged, copy.nacked, copy.retryRequests], [2, 1, 1, 1])
  assert.equal((await fromSession(simulator, id)).attempts, 2)
  for (const client of [author, reader]) await client.end()
})

test('a phone with initial sync tells a new device its chats', async () => {
  const number = '491700000032'
  await simulator.phones.create({ number, initialSync: true })
  const first = await linkBare(simulator, number)
  const { id } = await simulator.contacts.send('491700000033', { to: number, text: 'in the history' })
  await first.text(id)

  const second = connectBare()
  await simulator.phones.scan(number, await second.qr())
  await second.closed()
  const client = connectBare(second.auth)
  const history = new Promise<string[]>((resolve) => {
    client.sock.ev.on('messaging-history.set', ({ messages }) => {
      const texts = messages.flatMap(({ message }) => message?.conversation ?? [])
      if (texts.length) resolve(texts)
    })
  })
  assert.deepEqual(await history, ['in the history'])
  await simulator.drained({ number })
  for (const one of [first, client]) await one.end()
})

test('more than twenty sessions at once', async () => {
  const plenty = createSimulator({ prekeyCount: 'plenty' })
  redirect((await plenty.start()).trust)
  const numbers = Array.from({ length: 24 }, (_, index) => String(491_700_001_000 + index))
  const clients = await Promise.all(numbers.map((number) => linkBare(plenty, number)))
  const sent = await Promise.all(
    clients.map((client, index) =>
      client.sock.sendMessage(`${numbers[(index + 1) % numbers.length]}@s.whatsapp.net`, {
        text: `to ${index}`,
      }),
    ),
  )
  await Promise.all(
    sent.map((message, index) => clients[(index + 1) % clients.length]?.text(message?.key.id ?? '')),
  )
  await plenty.drained()
  assert.equal((await plenty.sessions.list()).filter(({ active }) => active).length, 24)
  for (const client of clients) await client.end()
  await plenty.stop()
})
