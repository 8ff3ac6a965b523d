import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { until } from '@warren/runtime/testing'
import { io, type Socket } from 'socket.io-client'
import { startApi, startServices } from '../../testing/harness.ts'
import { startPod, textMessage } from '../../testing/pod.ts'

const services = await startServices({ after })
const [one, two] = [await startApi(services), await startApi(services)]
const PN = '4915112345678@s.whatsapp.net'

type Heard = { socket: Socket; events: { seq: number; id: string }[]; ready: string[]; refused: string[] }

function listen(api: typeof one, auth: object): Heard {
  const socket = io(api.api.web.address(), {
    auth,
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
  })
  services.file.after(() => void socket.close())
  const heard: Heard = { socket, events: [], ready: [], refused: [] }
  socket.on('ready', (id: string) => heard.ready.push(id))
  socket.on('message.received', (envelope: { seq: number }, id: string) =>
    heard.events.push({ seq: envelope.seq, id }),
  )
  socket.on('connect_error', (error: Error & { data?: { code: string } }) =>
    heard.refused.push(error.data?.code ?? '?'),
  )
  return heard
}

async function tenantWithPod() {
  const tenant = await one.register()
  const { body } = await one.send('POST', '/api/v1/instances', { token: tenant.token, body: {} })
  const pod = await startPod({ store: services.store, bus: one.bus }, tenant.organization, body.id)
  return { ...tenant, instance: body.id as string, pod }
}

describe('Socket.IO', () => {
  it('tells events at every replica and goes on after the last one', async () => {
    const { token, instance, pod } = await tenantWithPod()
    const heard = [listen(one, { token }), listen(two, { token, instance })]
    await until(() => heard.every((each) => each.ready.length === 1))
    await pod.receive(textMessage('A1', PN, '1'))
    await until(() => heard.every((each) => each.events.length === 1))
    for (const { socket } of heard) socket.close()
    await pod.receive(textMessage('A2', PN, '2'))
    const again = listen(two, { token, lastEventId: heard[0]?.events[0]?.id })
    await until(() => again.events.length === 1)
    assert.equal(again.events[0]?.seq, 2)
  })

  it('refuses strangers, foreign instances and keys without the scope', async () => {
    const { token, instance } = await tenantWithPod()
    const other = await one.register()
    const key = (
      await one.send('POST', '/api/v1/keys', { token, body: { name: 'k', scopes: ['keys:read'] } })
    ).body.key
    const heard = [
      listen(one, {}),
      listen(one, { token: other.token, instance }),
      listen(one, { token: key }),
    ]
    await until(() => heard.every((each) => each.refused.length === 1))
    assert.deepEqual(
      heard.flatMap((each) => each.refused),
      ['unauthenticated', 'not_found', 'forbidden'],
    )
  })

  it('puts out whoever signs out, at the other replica too', async () => {
    const { token } = await tenantWithPod()
    const heard = [listen(one, { token }), listen(two, { token })]
    await until(() => heard.every((each) => each.ready.length === 1))
    await one.send('POST', '/api/v1/auth/logout', { token })
    await until(() => heard.every((each) => each.socket.disconnected))
  })

  it('counts connections, known and unknown, and open streams', async () => {
    const limits = { RATE_LIMIT: 'on', RATE_LIMIT_API: '3/60', STREAMS_PER_CALLER: 1 } as const
    const prefixed = { ...services, busPrefix: `${services.busPrefix}limits:` }
    const limited = await startApi(prefixed, limits)
    const { token } = await limited.register()
    const first = listen(limited, { token })
    await until(() => first.ready.length === 1)
    const second = listen(limited, { token })
    await until(() => second.refused.length === 1)
    assert.deepEqual(second.refused, ['rate_limited'])
    const strangers = []
    for (let n = 0; n < 4; n++) {
      const stranger = listen(limited, {})
      await until(() => stranger.refused.length === 1)
      strangers.push(...stranger.refused)
    }
    assert.deepEqual(strangers, ['unauthenticated', 'unauthenticated', 'unauthenticated', 'rate_limited'])
  })
})
