import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { type CommandCall, type Snapshot, WarrenError } from '@warren/contracts'
import { startApi, startServices } from '../../testing/harness.ts'
import { startPod } from '../../testing/pod.ts'

const services = await startServices({ after })
const { send, register, bus } = await startApi(services)

const account = { jid: '4915112345678@s.whatsapp.net', phone: '4915112345678' }
const items: Snapshot[] = [
  { id: '20261121-181233.123', at: '2026-11-21T18:12:33.123Z', reason: 'loggedOut', whole: false, account },
  {
    id: '20261120-181233.123',
    at: '2026-11-20T18:12:33.123Z',
    reason: 'replaced',
    whole: true,
    obstacle: 'Gone.',
  },
]

describe('snapshots over REST', () => {
  it('are listed and restored by the session, for its own organisation alone', async () => {
    const tenant = await register()
    const { token } = tenant
    const { body } = await send('POST', '/api/v1/instances', { token, body: {} })
    const at = `/api/v1/instances/${body.id}/snapshots`
    const pod = await startPod({ store: services.store, bus }, tenant.organization, body.id)
    assert.equal((await send('GET', at, { token })).status, 503)
    await pod.serve(({ command, request }: CommandCall) => {
      if (command === 'session.snapshots') return { items }
      assert.equal(command, 'session.restore')
      if ((request as { snapshot: string }).snapshot === items[0]?.id) return { account }
      throw new WarrenError('snapshot_unusable', 'Gone.')
    })
    assert.deepEqual((await send('GET', at, { token })).body, { items })
    const restored = await send('POST', `${at}/${items[0]?.id}/restore`, { token })
    assert.deepEqual([restored.status, restored.body], [202, { account }])
    const refused = await send('POST', `${at}/${items[1]?.id}/restore`, { token })
    assert.deepEqual(
      [refused.status, refused.body.code, refused.body.detail],
      [409, 'snapshot_unusable', 'Gone.'],
    )

    const other = await register()
    for (const [method, path] of [
      ['GET', at],
      ['POST', `${at}/${items[0]?.id}/restore`],
    ] as const)
      assert.equal((await send(method, path, { token: other.token })).status, 404)
    await send('PATCH', `/api/v1/instances/${body.id}`, { token, body: { operatingMode: 'Suspended' } })
    const suspended = await send('POST', `${at}/${items[0]?.id}/restore`, { token })
    assert.equal(suspended.body.code, 'suspended')
  })
})
