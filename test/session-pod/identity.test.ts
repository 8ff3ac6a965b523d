/** One person under two addresses, as a session tells it. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { until } from '@warren/runtime/testing'
import { createRig } from './rig.ts'

const rig = await createRig({ after })
const account = rig.account()
await account.link()
const { contacts, ledger } = rig.simulator
const pnOf = (number: string) => `${number}@s.whatsapp.net`

const chatOf = async (id: string) =>
  until(async () => {
    const received = await account.entries('message.received')
    return received.find(({ data }) => data.message.id === id)?.data.message.chat
  })
test('both forms are told, whichever of them the stanza has', async () => {
  const number = '491560000001'
  const { lid: user } = await contacts.set({ number, pushName: 'Ada' })
  const [lid, pn] = [`${user}@lid`, pnOf(number)]
  const forms = [
    // Whose number it is, WhatsApp is asked; whose LID, it does not tell.
    ['A1', 'pn', true],
    ['A2', 'lid', true],
    ['A3', 'lid', false],
    ['A4', 'pn', false],
  ] as const
  for (const [id, addressing, alone] of forms) {
    await contacts.send(number, { to: account.phone, text: id, id, addressing, alone })
    assert.deepEqual(await chatOf(id), { jid: addressing === 'pn' ? pn : lid, lid, pn })
  }
  const mapped = (await account.entries('identity.mapped')).filter(({ data }) => data.lid === lid)
  assert.deepEqual(
    mapped.map(({ data }) => data),
    [{ lid, pn }],
  )
})

test('a hidden number stays unknown, and is answered all the same', async () => {
  const number = '491560000002'
  const { lid: user } = await contacts.set({ number })
  await contacts.send(number, { to: account.phone, text: 'hi', id: 'B1', addressing: 'lid', alone: true })
  assert.deepEqual(await chatOf('B1'), { jid: `${user}@lid`, lid: `${user}@lid` })
  const id = await account.send(`${user}@lid`, 'hello you')
  await until(async () => (await ledger.read({ id })).entries[0]?.text === 'hello you')
})

test('a new number of the same person moves along; who has the old one next is somebody else', async () => {
  const [before, next] = ['491560000003', '491560000004']
  const { lid: user } = await contacts.set({ number: before })
  const lid = `${user}@lid`
  await contacts.send(before, { to: account.phone, text: 'hi', id: 'C1', addressing: 'lid' })
  assert.deepEqual(await chatOf('C1'), { jid: lid, lid, pn: pnOf(before) })
  await until(async () => (await account.entries('identity.mapped')).some(({ data }) => data.lid === lid))
  await contacts.changeNumber(before, next)
  const updated = await until(async () => (await account.entries('contact.updated')).at(0))
  assert.deepEqual(updated.data, { address: { jid: lid, lid, pn: pnOf(next) } })
  await contacts.send(next, {
    to: account.phone,
    text: 'my new number',
    id: 'C2',
    addressing: 'lid',
    alone: true,
  })
  assert.deepEqual(await chatOf('C2'), { jid: lid, lid, pn: pnOf(next) })

  const { lid: other } = await contacts.set({ number: before })
  assert.notEqual(other, user)
  const id = await account.send(before, 'who is this?')
  const entry = await until(async () =>
    (await ledger.read({ id })).entries.find(({ text }) => text !== undefined),
  )
  assert.equal(entry.direction === 'fromSession' && entry.to, before)
  const sent = await until(async () =>
    (await account.entries('message.outgoing')).find(({ data }) => data.message.id === id),
  )
  assert.equal(sent.data.message.chat.lid, `${other}@lid`)
})
