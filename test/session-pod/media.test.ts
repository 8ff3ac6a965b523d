import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { until } from '@warren/runtime/testing'
import { startMediaStore } from './media-store.ts'
import { createRig } from './rig.ts'

const rig = await createRig({ after })

const { objects, serve } = await startMediaStore({ after }, rig)

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

test('an image comes in: the message at once, its bytes when the object store is there', async () => {
  const account = rig.account()
  await account.link()
  const image = randomBytes(50_000)
  const contact = '491531111111'
  const { id } = await rig.simulator.contacts.send(contact, {
    to: account.phone,
    text: 'look',
    image: { data: image.toString('base64'), mimetype: 'image/png' },
  })
  const [received] = await until(async () => {
    const found = await account.entries('message.received')
    return found.length > 0 ? found : undefined
  })
  const content = received?.data.message.content
  assert.equal(content?.type, 'image')
  assert.deepEqual(content.type === 'image' && [content.caption, content.media.key], ['look', undefined])

  // No API tier answers yet; when one does, the next attempt succeeds.
  const served = serve()
  after(() => served.stop())
  const [stored] = await until(
    async () => {
      const found = await account.entries('message.media')
      return found.length > 0 ? found : undefined
    },
    { timeoutMs: 20_000 },
  )
  assert.deepEqual(
    [stored?.data.id, stored?.data.media.sha256, stored?.data.media.size, stored?.data.media.mimetype],
    [id, sha256(image), image.length, 'image/png'],
  )
  assert.deepEqual(objects.get(stored?.data.media.key ?? ''), image)

  const outgoing = randomBytes(40_000)
  objects.set('uploads/cat', outgoing)
  const sent = await account.send(contact, {
    type: 'image',
    caption: 'a cat',
    mimetype: 'image/jpeg',
    mediaKey: 'uploads/cat',
    size: outgoing.length,
  })
  const entry = await until(async () => {
    const { entries } = await rig.simulator.ledger.read({ id: sent })
    return entries[0]?.direction === 'fromSession' && entries[0].opened > 0 ? entries[0] : undefined
  })
  assert.equal(entry.text, 'a cat')
  assert.equal(entry.media?.sha256, sha256(outgoing))

  const missing = await account.send(contact, {
    type: 'image',
    mimetype: 'image/jpeg',
    mediaKey: 'uploads/none',
    size: 1,
  })
  const failed = await until(async () =>
    (await account.entries('message.status')).find(({ data }) => data.id === missing),
  )
  assert.deepEqual([failed.data.status, failed.data.error?.code], ['failed', 'media_unavailable'])
})
