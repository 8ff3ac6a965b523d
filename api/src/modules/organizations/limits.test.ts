import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startApi, startServices } from '../../testing/harness.ts'

const services = await startServices({ after })

test('the operator is told what the plan allows, and again at a start when it is not so', async () => {
  const { register } = await startApi(services)
  const { organization } = await register()
  const limit = async () => (await services.store.limitsOf([organization])).get(organization)
  assert.equal(await limit(), 5)
  await services.store.setLimit(organization, 1)
  await services.platform
    .collection<{ _id: string }>('organizations')
    .updateOne({ _id: organization }, { $set: { plan: 'pro' } })
  await startApi(services)
  assert.equal(await limit(), 20)
})
