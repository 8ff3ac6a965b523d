/**
 * A phone tells its history once. WhatsApp delivers the notice until it is acknowledged, and not again: what a process that is killed had not
 * yet taken in of it, the next one must.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '@warren/runtime/testing'
import { createRig } from './rig.ts'

const rig = await createRig({ after })
const KILLS = Number(process.env.WARREN_TEST_KILLS ?? 3)
const CONTACTS = 8
const TEXTS = 20

test(`a history that ${KILLS} processes were killed over is journaled once, with who is who`, {
  timeout: 120_000,
}, async () => {
  // A phone with a past: another of its devices was there.
  const { phone, ...earlier } = rig.account()
  await (await earlier.link()).kill('SIGTERM')
  await rig.simulator.phones.create({ number: phone, initialSync: true })
  const account = rig.account()
  const contacts = Array.from({ length: CONTACTS }, (_, i) => `49153770000${i}`)
  const expected = new Map<string, string>()
  for (let i = 0; i < TEXTS; i++)
    for (const number of contacts) {
      const text = `${i} of ${number}`
      const { id } = await rig.simulator.contacts.send(number, { to: phone, text })
      expected.set(id, text)
    }

  const start = () => account.start({ WARREN_PLACE: 'history' })
  let pod = start()
  const { qr } = await until(async () => (await account.status())?.pairing, { timeoutMs: 20_000 })
  await rig.simulator.phones.scan(phone, qr ?? '')
  for (let kill = 0; kill < KILLS; kill++) {
    // Around the moment in which the notice arrives and the first of it is journaled; later ones, wherever it was left.
    if (kill === 0) await account.until('connected')
    await delay(Math.random() * 150)
    await pod.kill()
    pod = start()
    await until(async () => ((await rig.store.session(account.session))?.epoch ?? 0) > kill + 1, {
      timeoutMs: 20_000,
    })
  }
  const told = async () => (await account.entries('message.history')).map(({ data: { message } }) => message)
  await until(async () => (await told()).length >= expected.size, {
    timeoutMs: 30_000,
    describe: 'the whole history in the journal',
  })
  const texts = (await told()).map(({ id, content }) => [id, content.type === 'text' ? content.text : ''])
  assert.deepEqual(texts.sort(), [...expected].sort())

  // Who is known by the history is the same person under either address.
  const [number = ''] = contacts
  await rig.simulator.contacts.send(number, {
    to: phone,
    text: 'now',
    addressing: 'lid',
    alone: true,
  })
  const [now] = await until(async () => {
    const found = await account.entries('message.received')
    return found.length > 0 ? found : undefined
  })
  assert.equal(now?.data.message.chat.pn, `${number}@s.whatsapp.net`)
  assert.deepEqual(await account.entries('message.undecryptable'), [])
})
