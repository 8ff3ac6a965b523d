import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { after, describe, it } from 'node:test'
import { CHANNELS, type MediaResponse, sessionKeyOf } from '@warren/contracts'
import { BusCallError } from '@warren/runtime/bus'
import { until } from '@warren/runtime/testing'
import { startApi, startServices } from '../../testing/harness.ts'
import { startPod, textMessage } from '../../testing/pod.ts'

const services = await startServices({ after })
const { api, send, register, bus } = await startApi(services)

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

async function upload(
  token: string,
  parts: readonly [field: string, bytes: Uint8Array<ArrayBuffer> | string, name?: string][],
) {
  const form = new FormData()
  for (const [field, bytes, name] of parts) {
    if (typeof bytes === 'string') form.append(field, bytes)
    else form.append(field, new Blob([bytes]), name)
  }
  const response = await fetch(`${api.web.address()}/api/v1/media`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: form,
  })
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
  return { status: response.status, body: (await response.json()) as any }
}

describe('media', () => {
  it('stores an image, shows it under a signed URL, and forgets it', async () => {
    const { token } = await register()
    const { status, body } = await upload(token, [['file', PNG, '../../photo.exe']])
    assert.equal(status, 201)
    assert.deepEqual([body.mimetype, body.size], ['image/png', PNG.length])
    const { headers } = await send('GET', `/api/v1/media/${body.id}/content`, { token })
    const url = headers.get('location') ?? ''
    const content = await fetch(url)
    assert.deepEqual(Buffer.from(await content.arrayBuffer()), PNG)
    assert.equal(content.headers.get('content-type'), 'image/png')
    assert.equal((await fetch(url.replace(/signature=.{4}/, 'signature=AAAA'))).status, 403)
    assert.equal((await send('DELETE', `/api/v1/media/${body.id}`, { token })).status, 204)
    assert.equal((await send('GET', `/api/v1/media/${body.id}`, { token })).status, 404)
    assert.equal((await fetch(url)).status, 404)
  })

  it('looks at the bytes and not at the name', async () => {
    const { token } = await register()
    const answer = await upload(token, [['file', Buffer.from('<svg onload=alert(1)>'), 'photo.png']])
    assert.equal(answer.body.code, 'unsupported_media_type')
    assert.equal(
      (await upload(token, [['file', Buffer.alloc(0), 'empty.png']])).body.code,
      'unsupported_media_type',
    )
  })

  it('refuses more than 5 MB and leaves nothing behind', async () => {
    const { token, organization } = await register()
    const large = Buffer.concat([PNG, Buffer.alloc(5 * 1024 * 1024)])
    assert.equal((await upload(token, [['file', large, 'large.png']])).body.code, 'payload_too_large')
    assert.equal(await services.platform.collection('media').countDocuments({ organization }), 0)
  })

  it('wants one file and nothing else', async () => {
    const { token, organization } = await register()
    assert.equal((await upload(token, [])).body.code, 'validation_failed')
    assert.equal((await upload(token, [['image', PNG, 'a.png']])).body.code, 'validation_failed')
    assert.equal(
      (
        await upload(token, [
          ['note', 'x'],
          ['file', PNG, 'a.png'],
        ])
      ).body.code,
      'validation_failed',
    )
    const two = await upload(token, [
      ['file', PNG, 'a.png'],
      ['file', PNG, 'b.png'],
    ])
    assert.equal(two.body.code, 'validation_failed')
    const behind = await upload(token, [
      ['file', PNG, 'a.png'],
      ['note', 'x'],
    ])
    assert.equal(behind.body.code, 'validation_failed')
    assert.equal(await services.platform.collection('media').countDocuments({ organization }), 0)
    const stored = await readdir(services.mediaDir, { recursive: true, withFileTypes: true })
    assert.ok(!stored.some((entry) => entry.isFile() && entry.parentPath.includes(organization)))
    const json = await send('POST', '/api/v1/media', { token, body: {} })
    assert.equal(json.body.code, 'unsupported_media_type')
  })

  it('is sent by id, and read by the pod through a URL that it asks for', async () => {
    const tenant = await register()
    const { token, organization } = tenant
    const instance = (await send('POST', '/api/v1/instances', { token, body: {} })).body.id
    const { body: file } = await upload(token, [['file', PNG, 'a.png']])
    const body = { to: '4915112345678', type: 'image', image: { mediaId: file.id, caption: 'look' } }
    const sent = await send('POST', `/api/v1/instances/${instance}/messages`, { token, body })
    assert.equal(sent.status, 202)
    assert.deepEqual(sent.body.image, {
      mimetype: 'image/png',
      size: PNG.length,
      caption: 'look',
      available: true,
    })
    const row = await services.store.get(sessionKeyOf({ organization, instance }), sent.body.id)
    assert.ok(row?.content.type === 'image')
    const key = row.content.mediaKey
    const ask = (request: object) => bus.call(CHANNELS.media, request, { timeoutMs: 5_000 })
    const answer = (await ask({ op: 'download', organization, key })) as MediaResponse
    assert.deepEqual(Buffer.from(await (await fetch(answer.url)).arrayBuffer()), PNG)
    const stranger = await register()
    await assert.rejects(ask({ op: 'download', organization: stranger.organization, key }), BusCallError)
    const foreign = { ...body, image: { mediaId: file.id } }
    const other = (await send('POST', '/api/v1/instances', { token: stranger.token, body: {} })).body.id
    const refused = await send('POST', `/api/v1/instances/${other}/messages`, {
      token: stranger.token,
      body: foreign,
    })
    assert.equal(refused.body.code, 'media_unavailable')
  })

  it('of a received message is uploaded by the pod and shown to the tenant', async () => {
    const { token, organization } = await register()
    const instance = (await send('POST', '/api/v1/instances', { token, body: {} })).body.id
    const pod = await startPod({ store: services.store, bus }, organization, instance)
    const upload = {
      op: 'upload',
      organization,
      instance,
      messageId: 'M1',
      mimetype: 'image/png',
      size: PNG.length,
    }
    const target = (await bus.call(CHANNELS.media, upload, { timeoutMs: 5_000 })) as MediaResponse
    assert.equal(target.key, `media/${organization}/${instance}/M1`)
    const put = await fetch(target.url, { method: 'PUT', headers: target.headers ?? {}, body: PNG })
    assert.equal(put.status, 200)
    const chat = '4915112345678@s.whatsapp.net'
    const media = { mimetype: 'image/png', size: PNG.length }
    await pod.receive(textMessage('M1', chat, '', { content: { type: 'image', media } }))
    const at = `/api/v1/instances/${instance}/messages/M1`
    await until(async () => (await send('GET', at, { token })).body.image?.available === false)
    assert.equal((await send('GET', `${at}/media`, { token })).body.code, 'media_unavailable')
    await pod.journal([
      {
        type: 'message.media',
        data: { id: 'M1', chat: { jid: chat, pn: chat }, media: { ...media, key: target.key } },
      },
    ])
    await until(async () => (await send('GET', at, { token })).body.image?.available === true)
    const shown = await send('GET', `${at}/media`, { token })
    assert.deepEqual(Buffer.from(await (await fetch(shown.headers.get('location') ?? '')).arrayBuffer()), PNG)
    const page = { mimetype: 'text/html', size: PNG.length, key: target.key }
    await pod.receive(textMessage('M2', chat, '', { content: { type: 'image', media: page } }))
    const strange = `/api/v1/instances/${instance}/messages/M2/media`
    await until(async () => (await send('GET', strange, { token })).status === 302)
    const { headers } = await fetch((await send('GET', strange, { token })).headers.get('location') ?? '')
    assert.equal(headers.get('content-type'), 'application/octet-stream')
    assert.match(headers.get('content-disposition') ?? '', /^attachment/)
  })
})
