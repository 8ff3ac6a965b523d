import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createSimulator } from '../index.ts'
import { redirect } from '../redirect.ts'
import type { BareClient } from '../testing/bare-client.ts'
import { fromSession } from '../testing/entries.ts'
import { linkBare } from '../testing/linked-client.ts'
import { waitFor } from '../testing/wait-for.ts'

const [ACCOUNT, OTHER] = ['491700000070', '491700000071']
const CONTACTS = ['491700000072', '491700000073']
const simulator = createSimulator()
let client: BareClient
let other: BareClient

before(async () => {
  redirect((await simulator.start()).trust)
  await simulator.contacts.setDefaults({ deliverAfterMs: 10 })
  client = await linkBare(simulator, ACCOUNT)
  other = await linkBare(simulator, OTHER)
})
after(async () => {
  await client.end()
  await other.end()
  await simulator.stop()
})

for (const addressing of ['lid', 'pn'] as const)
  test(`a group by ${addressing}: everyone reads what a session and what a contact writes`, async () => {
    const members = [...CONTACTS, ACCOUNT, OTHER]
    const { jid } = await simulator.groups.create({ members, addressing, subject: 'Walks' })
    const { subject, participants } = await client.sock.groupMetadata(jid)
    assert.deepEqual([subject, participants.length], ['Walks', 4])

    for (const text of ['one', 'two']) {
      const id = (await client.sock.sendMessage(jid, { text }))?.key.id ?? ''
      assert.equal(await other.text(id), text)
      await waitFor('openings', async () => (await fromSession(simulator, id)).opened === 3)
      const entry = await fromSession(simulator, id)
      assert.deepEqual([entry.text, entry.decryptFailures, entry.duplicate], [text, 0, false])
      assert.deepEqual(Object.keys(entry.openedBy ?? {}).sort(), [OTHER, ...CONTACTS].sort())
    }
    for (const text of ['three', 'four']) {
      const { id, devices } = await simulator.groups.send(jid, { from: CONTACTS[0] ?? '', text })
      assert.equal(devices.length, 2)
      assert.deepEqual([await client.text(id), await other.text(id)], [text, text])
      const { entries } = await simulator.ledger.read({ direction: 'toSession', id })
      assert.deepEqual(
        entries.map((entry) => [entry.chat.endsWith(jid), entry.retryRequests]),
        [
          [true, 0],
          [true, 0],
        ],
      )
    }
  })

test('who could not open a message asks for it, and gets the key with it', async () => {
  const { jid } = await simulator.groups.create({ members: [...CONTACTS, ACCOUNT] })
  await simulator.contacts.set({ number: CONTACTS[0] ?? '', failDecrypts: 1 })
  const id = (await client.sock.sendMessage(jid, { text: 'again' }))?.key.id ?? ''
  await waitFor('both', async () => (await fromSession(simulator, id)).openedBy?.[CONTACTS[0] ?? ''] === 1)
  assert.equal((await fromSession(simulator, id)).retryRequests, 1)
})

test('who left a group may neither ask about it nor write to it', async () => {
  const { jid } = await simulator.groups.create({ members: [...CONTACTS, ACCOUNT] })
  await simulator.groups.remove(jid, ACCOUNT)
  await assert.rejects(client.sock.groupMetadata(jid), /forbidden/)
  await assert.rejects(simulator.groups.send(jid, { from: ACCOUNT, text: 'x' }), /not in the group/)
})
