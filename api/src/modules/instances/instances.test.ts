import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { parseInstanceId, RESTARTED_AT_ANNOTATION, type SessionStatus } from '@warren/contracts'
import { startApi, startServices } from '../../testing/harness.ts'
import { startPod } from '../../testing/pod.ts'

const services = await startServices({ after })
const [one, two] = [await startApi(services), await startApi(services)]
const { send, register, bus } = one

const at = (id: string, rest = '') => `/api/v1/instances/${id}${rest}`
const create = async (token: string, body: object = {}) =>
  (await send('POST', '/api/v1/instances', { token, body })).body

function resource(id: string) {
  const key = parseInstanceId(id)
  assert.ok(key)
  return services.cluster.instances.get(key)
}

async function instanceWithPod(status: SessionStatus) {
  const { token, organization } = await register()
  const { id } = await create(token)
  const pod = await startPod({ store: services.store, bus }, organization, id)
  await pod.report(status)
  return { token, id: id as string, pod }
}

const pairing = (seconds: number, qr = '2@qr') =>
  ({
    phase: 'pairing',
    since: new Date(),
    pairing: {
      method: 'qr',
      qr,
      attempt: 1,
      maxAttempts: 3,
      expiresAt: new Date(Date.now() + seconds * 1000),
    },
  }) satisfies SessionStatus

describe('instances', () => {
  it('are WhatsAppInstance resources, seen from both sides', async () => {
    const { token, organization } = await register()
    const made = await create(token, { displayName: 'Sales', pairing: { maxAttempts: 2 } })
    assert.match(made.id, /^default\.wa-[a-z0-9]{8}$/)
    const stored = await resource(made.id)
    assert.deepEqual(
      [stored?.spec.organization, stored?.spec.displayName, stored?.spec.pairing.maxAttempts],
      [organization, 'Sales', 2],
    )
    assert.deepEqual([made.state, made.active], ['pending', false])
    await services.cluster.instances.create({
      apiVersion: 'warren.dev/v1alpha1',
      kind: 'WhatsAppInstance',
      metadata: { name: 'by-kubectl', namespace: 'shop' },
      spec: { organization },
    })
    const { body } = await two.send('GET', '/api/v1/instances', { token })
    assert.deepEqual(
      body.items.map((item: { id: string }) => item.id).sort(),
      [made.id, 'shop.by-kubectl'].sort(),
    )
  })

  it('are changed in part, and the cluster names what it refuses in the words of the body', async () => {
    const { token } = await register()
    const { id } = await create(token, { displayName: 'A' })
    const patch = (body: object) => send('PATCH', at(id), { token, body })
    const changed = await patch({ displayName: null, operatingMode: 'Suspended' })
    assert.equal(changed.status, 200)
    assert.deepEqual([changed.body.displayName, changed.body.state], [undefined, 'suspended'])
    const refused = await patch({ pairing: { method: 'Code' } })
    assert.equal(refused.body.code, 'validation_failed')
    assert.match(refused.body.errors[0].path, /^body\.pairing/)
    assert.equal((await patch({})).status, 400)
  })

  it('page by cursor', async () => {
    const { token } = await register()
    for (let n = 0; n < 3; n++) await create(token)
    const first = (await send('GET', '/api/v1/instances?limit=2', { token })).body
    const second = (
      await send('GET', `/api/v1/instances?limit=2&cursor=${encodeURIComponent(first.nextCursor)}`, { token })
    ).body
    assert.deepEqual([first.items.length, second.items.length, second.nextCursor], [2, 1, undefined])
  })

  it('stay within the plan, also when many are created at once at two replicas', async () => {
    const { token, organization } = await register()
    const answers = await Promise.all(
      Array.from({ length: 9 }, (_, n) =>
        (n % 2 ? one : two).send('POST', '/api/v1/instances', { token, body: {} }),
      ),
    )
    const codes = answers.map((answer) => answer.body.code ?? 'created')
    assert.equal(codes.filter((code) => code === 'created').length, 5, codes.join())
    assert.equal((await services.cluster.instances.list({ organization })).items.length, 5)
    assert.equal(
      (await send('POST', '/api/v1/instances', { token, body: {} })).body.code,
      'plan_limit_reached',
    )
  })

  it('are made once for one idempotency key', async () => {
    const { token, organization } = await register()
    const post = () =>
      send('POST', '/api/v1/instances', { token, body: {}, headers: { 'idempotency-key': 'make-it' } })
    const first = await post()
    await services.platform
      .collection('idempotency')
      .updateMany({ organization }, { $unset: { status: '', body: '' }, $set: { runningUntil: new Date(0) } })
    assert.equal((await post()).body.id, first.body.id)
    assert.equal((await services.cluster.instances.list({ organization })).items.length, 1)
  })

  it('show the live state of the session, and no QR beside it', async () => {
    const { token, id, pod } = await instanceWithPod(pairing(30))
    const shown = (await send('GET', at(id), { token })).body
    assert.deepEqual([shown.state, shown.attempt.number, shown.attempt.of], ['pairing', 1, 3])
    assert.ok(!JSON.stringify(shown).includes('2@qr'))
    const account = { jid: '49@s.whatsapp.net', phone: '4915112345678' }
    await pod.report({ phase: 'connected', since: new Date(), account })
    const connected = (await send('GET', at(id), { token })).body
    assert.deepEqual([connected.state, connected.active, connected.account], ['connected', true, account])
    await pod.release()
    assert.equal((await send('GET', at(id), { token })).body.state, 'pending')
  })

  it('give the QR as JSON, PNG and SVG', async () => {
    const { token, id } = await instanceWithPod(pairing(30))
    const json = await send('GET', at(id, '/qr'), { token })
    assert.deepEqual([json.body.qr, json.headers.get('cache-control')], ['2@qr', 'no-store'])
    const kinds = [
      ['/qr', 'image/png', /PNG/],
      ['/qr', 'image/svg+xml', /<svg/],
      ['/qr.png', '*/*', /PNG/],
      ['/qr.svg', '*/*', /<svg/],
    ] as const
    for (const [path, accept, expected] of kinds) {
      const image = await send('GET', at(id, path), { token, headers: { accept } })
      assert.equal(image.status, 200)
      assert.match(image.body, expected)
    }
  })

  it('ask the pod when the stored QR has ended, and say why there is none', async () => {
    const { token, id, pod } = await instanceWithPod(pairing(-1, '2@old'))
    let status: SessionStatus = pairing(30, '2@new')
    await pod.serve(() => ({ status }))
    assert.equal((await send('GET', at(id, '/qr'), { token })).body.qr, '2@new')
    status = { phase: 'connected', since: new Date() }
    assert.equal((await send('GET', at(id, '/qr'), { token })).body.code, 'already_paired')
    status = { phase: 'parked', since: new Date(), message: 'Nobody scanned.' }
    const parked = await send('GET', at(id, '/qr.png'), { token })
    assert.deepEqual([parked.body.code, parked.body.detail], ['pairing_unavailable', 'Nobody scanned.'])
  })

  it('pass pairing, logout and disconnect on to the pod, and a restart to the cluster', async () => {
    const { token, id, pod } = await instanceWithPod({ phase: 'parked', since: new Date() })
    const calls: unknown[] = []
    await pod.serve((call) => {
      calls.push(call)
      if (call.command === 'session.pair')
        return { pairing: { method: 'code', code: 'ABCD1234', attempt: 1, maxAttempts: 3 } }
      return { status: { phase: 'loggedOut', since: new Date() } }
    })
    const code = await send('POST', at(id, '/pairing-code'), {
      token,
      body: { phoneNumber: '4915112345678' },
    })
    assert.equal(code.body.code, 'ABCD1234')
    const without = await send('POST', at(id, '/pairing-code'), { token, body: {} })
    assert.match(without.body.errors[0].message, /phoneNumber/)
    assert.equal((await send('POST', at(id, '/logout'), { token })).body.state, 'loggedOut')
    assert.equal((await send('POST', at(id, '/disconnect'), { token })).status, 200)
    assert.deepEqual(calls, [
      { command: 'session.pair', request: { method: 'code', phoneNumber: '4915112345678' } },
      { command: 'session.logout', request: {} },
      { command: 'session.disconnect', request: {} },
    ])
    assert.equal((await send('POST', at(id, '/restart'), { token })).status, 202)
    assert.ok((await resource(id))?.metadata.annotations?.[RESTARTED_AT_ANNOTATION])
  })

  it('are deleted with the policy that the request names', async () => {
    const { token } = await register()
    const { id } = await create(token)
    const key = parseInstanceId(id)
    assert.ok(key)
    // As the operator does: without a finalizer the resource would be gone before anyone could look.
    const { metadata } = (await resource(id)) ?? assert.fail()
    await services.cluster.instances.setFinalizers(key, ['warren.dev/session'], {
      resourceVersion: metadata.resourceVersion,
    })
    const gone = await send('DELETE', at(id, '?deletionPolicy=Logout'), { token })
    assert.deepEqual([gone.status, gone.body.state, gone.body.deletionPolicy], [202, 'terminating', 'Logout'])
    const stored = await resource(id)
    assert.ok(stored?.metadata.deletionTimestamp)
    assert.equal(stored.spec.deletionPolicy, 'Logout')
  })
})
