import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '@warren/runtime/testing'
import { createRig } from './rig.ts'

const KILLS = Number(process.env.WARREN_TEST_KILLS ?? 8)
const BURST = 12
const CONTACTS = 6

const rig = await createRig({ after })

test(`loses and doubles nothing in ${KILLS} kills amid traffic in both directions`, {
  timeout: 300_000,
}, async () => {
  const account = rig.account()
  const contacts = Array.from({ length: CONTACTS }, (_, i) => `4915200000${10 + i}`)
  for (const number of contacts)
    await rig.simulator.contacts.set({ number, deliverAfterMs: 20, readAfterMs: null })
  let pod = await account.link()

  const sent = new Map<string, string>()
  const received = new Map<string, string>()
  async function burst(round: number): Promise<void> {
    for (let i = 0; i < BURST; i++) {
      const number = contacts[i % CONTACTS] ?? ''
      const out = `out ${round}.${i}`
      sent.set(await account.send(number, out), out)
      const text = `in ${round}.${i}`
      const addressing = i % 2 ? 'lid' : 'pn'
      const { id } = await rig.simulator.contacts.send(number, { to: account.phone, text, addressing })
      received.set(id, text)
    }
  }

  const epoch = async () => (await rig.store.session(account.session))?.epoch ?? 0
  const isConnected = async () =>
    (await rig.simulator.sessions.list()).some(({ number }) => number === account.phone)

  for (let round = 0; round < KILLS; round++) {
    const traffic = burst(round)
    // A random moment of the work, every third time during the start. A wait for a condition would miss the interesting ones.
    await until(async () => (await epoch()) > round, { timeoutMs: 20_000, describe: 'the next holder' })
    if (round % 3 !== 2) await until(isConnected, { timeoutMs: 20_000, describe: 'a connection' })
    await delay(20 + Math.random() * 450)
    await pod.kill('SIGKILL')
    await traffic
    pod = account.start()
  }
  await burst(KILLS)

  const outgoing = () => rig.simulator.ledger.read({ direction: 'fromSession', account: account.phone })
  await until(
    async () => {
      const { entries } = await outgoing()
      return entries.filter(({ id }) => sent.has(id)).length === sent.size
    },
    { timeoutMs: 60_000, describe: 'all sends at the contacts' },
  )
  await until(
    async () => {
      const journaled = new Set(
        (await account.entries('message.received')).map(({ data }) => data.message.id),
      )
      return [...received.keys()].every((id) => journaled.has(id))
    },
    { timeoutMs: 60_000, everyMs: 200, describe: 'all received messages in the journal' },
  )
  await rig.simulator.drained()

  const { entries } = await outgoing()
  for (const entry of entries) {
    if (entry.direction !== 'fromSession' || !sent.has(entry.id)) continue
    assert.equal(entry.text, sent.get(entry.id))
    assert.equal(entry.decryptFailures, 0, `${entry.id} could not be decrypted`)
    assert.ok(entry.opened >= 1)
    assert.equal(entry.conflicting, false)
  }
  const texts = new Map<string, string[]>()
  for (const { data } of await account.entries('message.received')) {
    const { id, content } = data.message
    texts.set(id, [...(texts.get(id) ?? []), content.type === 'text' ? content.text : content.type])
  }
  assert.deepEqual(
    [...received].map(([id, text]) => [id, [text]]),
    [...received].map(([id]) => [id, texts.get(id)]),
  )
  assert.deepEqual(await account.entries('message.undecryptable'), [])
  const seqs = (await account.journal()).map(({ seq }) => seq)
  assert.deepEqual(
    seqs,
    seqs.map((_, i) => i + 1),
  )
  const delivered = (await account.entries('message.status')).filter(({ data }) => data.status === 'sent')
  await until(async () => {
    const ids = new Set(
      (await account.entries('message.status'))
        .filter(({ data }) => data.status === 'sent')
        .map(({ data }) => data.id),
    )
    return [...sent.keys()].every((id) => ids.has(id))
  })
  const duplicates = entries.filter((entry) => entry.direction === 'fromSession' && entry.duplicate).length
  console.log(
    `${KILLS} kills, ${received.size} in, ${sent.size} out, ${duplicates} delivered twice under the same id, ${delivered.length} acks`,
  )
})
