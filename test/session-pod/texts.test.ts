import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { until } from '@warren/runtime/testing'
import { createRig } from './rig.ts'

const rig = await createRig({ after })

test('links by QR, receives and sends texts, and reconnects after a restart', async () => {
  const account = rig.account()
  const first = await account.link()
  const contact = '491511111111'
  await rig.simulator.contacts.set({ number: contact, pushName: 'Ada', deliverAfterMs: 150, readAfterMs: 50 })

  await rig.simulator.contacts.send(contact, { to: account.phone, text: 'hello', addressing: 'lid' })
  const [received] = await until(async () => {
    const found = await account.entries('message.received')
    return found.length > 0 ? found : undefined
  })
  assert.equal(received?.data.message.chat.pn, `${contact}@s.whatsapp.net`)
  assert.equal(received?.data.message.pushName, 'Ada')
  assert.deepEqual(received?.data.message.content, { type: 'text', text: 'hello' })

  const id = await account.send(contact, 'good day')
  const statuses = await until(async () => {
    const found = (await account.entries('message.status')).filter(({ data }) => data.id === id)
    return found.some(({ data }) => data.status === 'read') ? found : undefined
  })
  assert.deepEqual(
    statuses.map(({ data }) => data.status),
    ['pending', 'sent', 'delivered', 'read'],
  )
  const { entries } = await rig.simulator.ledger.read({ id })
  assert.equal(entries.length, 1)
  assert.equal(entries[0]?.text, 'good day')

  assert.equal(await first.kill('SIGTERM'), 0)
  assert.equal((await account.status())?.phase, 'stopped')
  account.start()
  await account.until('connected')
  await rig.simulator.contacts.send(contact, { to: account.phone, text: 'again' })
  await until(async () => (await account.entries('message.received')).length === 2)
  const seqs = (await account.journal()).map(({ seq }) => seq)
  assert.deepEqual(
    seqs,
    seqs.map((_, i) => i + 1),
  )
})
