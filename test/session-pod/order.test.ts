/** Messages of one chat are journaled in the order in which WhatsApp delivered them, whatever has to be looked up for each. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { until } from '@warren/runtime/testing'
import { createRig } from './rig.ts'

const MESSAGES = 60

const rig = await createRig({ after })

test('keeps the order of a chat that is addressed in both forms, while connected and over a pause', async () => {
  const account = rig.account()
  const contact = '491580000001'
  let pod = await account.link()
  const ids: string[] = []
  async function write(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const addressing = i % 3 === 0 ? 'lid' : 'pn'
      const text = `part ${ids.length}`
      ids.push((await rig.simulator.contacts.send(contact, { to: account.phone, text, addressing })).id)
    }
  }
  const received = async () => (await account.entries('message.received')).map(({ data }) => data.message.id)

  await write(MESSAGES)
  await until(async () => (await received()).length === ids.length, { timeoutMs: 20_000, everyMs: 100 })
  await pod.kill('SIGTERM')
  await write(MESSAGES)
  pod = account.start()
  // The rest comes while what was kept is still being worked off.
  await account.until('connected')
  await write(MESSAGES)
  await until(async () => (await received()).length === ids.length, { timeoutMs: 20_000, everyMs: 100 })
  assert.deepEqual(await received(), ids)
})
