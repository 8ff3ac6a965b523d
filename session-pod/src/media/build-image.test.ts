import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type QueueDoc, WarrenError } from '@warren/contracts'
import type { Messenger } from '../whatsapp/messenger.ts'
import { createImageBuilder } from './build-image.ts'

test('a lost connection never counts against an image, what WhatsApp says to it does', async () => {
  let error: Error = new WarrenError('not_connected')
  const messenger = { uploadImage: () => Promise.reject(error) } as unknown as Messenger
  const objects = { download: async () => Buffer.from('image'), upload: () => assert.fail() }
  const build = createImageBuilder(objects, () => new Uint8Array(32))
  const content = { type: 'image', mediaKey: 'key', mimetype: 'image/png', size: 5 } as const
  const attempt = () => build(content, { messageId: 'M1' } as QueueDoc, messenger)
  for (let i = 0; i < 20; i++) await assert.rejects(attempt(), { code: 'not_connected' })
  error = new Error('HTTP 415')
  for (let i = 0; i < 9; i++) await assert.rejects(attempt(), error)
  await assert.rejects(attempt(), { code: 'media_rejected' })
})
