/** Groups amid kills: sender keys reach whoever needs them, ratchets are never used twice, nothing is lost or doubled. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '@warren/runtime/testing'
import { createRig } from './rig.ts'

const rig = await createRig({ after })
const KILLS = Number(process.env.WARREN_TEST_KILLS ?? 4)
const MEMBERS = ['491539990101', '491539990102', '491539990103', '491539990104']

for (const addressing of ['lid', 'pn'] as const)
  test(`a group that names its members by ${addressing}: ${KILLS} kills amid messages in both directions`, {
    timeout: 300_000,
  }, async () => {
    const account = rig.account()
    let pod = await account.link()
    const { jid } = await rig.simulator.groups.create({ members: [...MEMBERS, account.phone], addressing })
    const sent = new Map<string, string>()
    const received = new Map<string, string>()
    async function burst(round: number): Promise<void> {
      for (const [i, from] of MEMBERS.entries()) {
        const text = `in ${round}.${i}`
        received.set((await rig.simulator.groups.send(jid, { from, text })).id, text)
        sent.set(await account.send(jid, `out ${round}.${i}`), `out ${round}.${i}`)
      }
    }
    const epoch = async () => (await rig.store.session(account.session))?.epoch ?? 0
    for (let kill = 0; kill < KILLS; kill++) {
      await until(async () => (await epoch()) > kill, { timeoutMs: 30_000, describe: 'the next holder' })
      const traffic = burst(kill)
      // A random moment of the work.
      await delay(20 + Math.random() * 600)
      await pod.kill()
      await traffic
      pod = account.start()
    }
    await burst(KILLS)

    const outgoing = async () => {
      const { entries } = await rig.simulator.ledger.read({
        direction: 'fromSession',
        account: account.phone,
      })
      return entries.flatMap((entry) =>
        entry.direction === 'fromSession' && sent.has(entry.id) ? [entry] : [],
      )
    }
    await until(
      async () => {
        const entries = await outgoing()
        return (
          entries.length === sent.size &&
          entries.every(({ openedBy }) => MEMBERS.every((member) => (openedBy?.[member] ?? 0) > 0))
        )
      },
      { timeoutMs: 60_000, everyMs: 100, describe: 'every message at every member' },
    )
    const journal = async () =>
      (await account.entries('message.received')).map(({ data: { message } }) => [
        message.id,
        message.content.type === 'text' ? message.content.text : message.content.type,
      ])
    await until(async () => (await journal()).length >= received.size, {
      timeoutMs: 60_000,
      everyMs: 100,
      describe: 'every message of the group in the journal',
    })
    assert.deepEqual((await journal()).sort(), [...received].sort())
    assert.deepEqual(await account.entries('message.undecryptable'), [])
    let repeated = 0
    for (const entry of await outgoing()) {
      assert.deepEqual([entry.text, entry.conflicting, entry.decryptFailures], [sent.get(entry.id), false, 0])
      if (entry.duplicate) repeated += 1
    }
    console.log(
      `${KILLS} kills, ${received.size} in, ${sent.size} out, ${repeated} relayed twice under the same id`,
    )
    await pod.kill()
  })

test('a message that the server refused has handed the sender key to nobody: the next one does', async () => {
  const account = rig.account()
  await account.link()
  const { jid } = await rig.simulator.groups.create({ members: [...MEMBERS, account.phone] })
  await rig.simulator.faults.set({ ackError: { code: 500, times: 1 } }, account.phone)
  const refused = await account.send(jid, 'refused')
  await until(
    async () =>
      (await account.entries('message.status')).some(
        ({ data }) => data.id === refused && data.status === 'failed',
      ),
    { timeoutMs: 30_000, describe: 'the refusal' },
  )
  const id = await account.send(jid, 'taken')
  const entry = await until(
    async () => {
      const { entries } = await rig.simulator.ledger.read({ id })
      const [found] = entries
      return found?.direction === 'fromSession' && found.opened >= MEMBERS.length ? found : undefined
    },
    { timeoutMs: 30_000, describe: 'the message at all members' },
  )
  assert.deepEqual([entry.decryptFailures, entry.retryRequests], [0, 0])
})
