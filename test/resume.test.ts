/** Ctrl-C leaves nothing behind, and the next start goes on with the same session. */
import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import { tempDir, until } from '@warren/runtime/testing'
import { linkAccount, waitActive } from './support/account.ts'
import { processesWith, startProduct } from './support/product.ts'

const NUMBER = '491700000021'
const CONTACT = '491700000022'

it('resumes the session after Ctrl-C, without a new QR and without a process left', async () => {
  const dataDir = tempDir({ after })
  const first = await startProduct({ after }, dataDir)
  const id = await linkAccount(first, await first.signIn(), 'steady', NUMBER)
  assert.equal(await first.interrupt(), 0)
  await until(() => processesWith(dataDir).length === 0, {
    timeoutMs: 5_000,
    describe: 'every process to be gone',
  })

  const second = await startProduct({ after }, dataDir)
  const api = await second.signIn()
  await waitActive(api, id)
  const [phone] = await second.simulator.phones.list()
  assert.equal(phone?.devices.length, 1, 'still the same linked device')
  const sent = await api.call<{ id: string }>('POST', `/instances/${id}/messages`, {
    to: CONTACT,
    type: 'text',
    text: 'still here',
  })
  await until(
    async () => {
      const { entries } = await second.simulator.ledger.read({ id: sent.id })
      return entries[0]?.direction === 'fromSession' && entries[0].opened === 1
    },
    { timeoutMs: 20_000, describe: 'the message to arrive' },
  )
})
