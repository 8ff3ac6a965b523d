/** Messages that arrive more than once, or cannot be read the first time, also over kills. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { until } from '@warren/runtime/testing'
import { createRig } from './rig.ts'

const rig = await createRig({ after })
const CONTACT = '491539990091'

/** What the simulator counted of the message that it delivers. */
async function counts(id: string) {
  const { entries } = await rig.simulator.ledger.read({ id })
  const entry = entries.find(({ direction }) => direction === 'toSession')
  return entry?.direction === 'toSession' ? entry : undefined
}
const acknowledged = (id: string, times: number) =>
  until(async () => (await counts(id))?.acknowledged === times, {
    timeoutMs: 30_000,
    describe: `receipt ${times} for ${id}`,
  })

test('what is in the journal gets a receipt when it comes again, and is never asked for again', async () => {
  const account = rig.account()
  let pod = await account.link()
  const write = (id: string, undecryptable = false) =>
    rig.simulator.contacts.send(CONTACT, { to: account.phone, text: 'once', id, undecryptable })
  const received = async () => (await account.entries('message.received')).map(({ data }) => data.message.id)

  await write('ONE')
  await acknowledged('ONE', 1)
  for (const [round, readable] of [true, false, true, false].entries()) {
    // Its sender tries again: the same id, another ciphertext. To the next process, every second time.
    if (round === 2) {
      await pod.kill()
      pod = account.start()
      await until(async () => ((await rig.store.session(account.session))?.epoch ?? 0) > 1, {
        timeoutMs: 20_000,
      })
      await account.until('connected')
    }
    await write('ONE', !readable)
    await acknowledged('ONE', round + 2)
  }
  await write('TWO')
  await until(async () => (await received()).includes('TWO'), { timeoutMs: 30_000 })
  assert.deepEqual(await received(), ['ONE', 'TWO'])
  const { retryRequests, nacked } = (await counts('ONE')) ?? {}
  assert.deepEqual([retryRequests, nacked], [0, 0])
  assert.deepEqual(await account.entries('message.undecryptable'), [])
})

test('what cannot be read is told, asked for again, and told when it was read, also by the next process', async () => {
  const account = rig.account()
  const pod = await account.link()
  const sent = await rig.simulator.contacts.send(CONTACT, {
    to: account.phone,
    text: 'again',
    undecryptable: true,
  })
  await until(async () => (await account.entries('message.undecryptable')).length === 1, {
    timeoutMs: 30_000,
  })
  await pod.kill()
  account.start()
  const [recovered] = await until(
    async () => {
      const found = await account.entries('message.recovered')
      return found.length > 0 ? found : undefined
    },
    { timeoutMs: 30_000, describe: 'the message' },
  )
  assert.equal(recovered?.data.id, sent.id)
  const received = await account.entries('message.received')
  assert.deepEqual(
    received.map(({ data: { message } }) => [message.id, message.content]),
    [[sent.id, { type: 'text', text: 'again' }]],
  )
  assert.equal((await account.entries('message.undecryptable')).length, 1)
})
