import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placeOf, whatsAppHosts } from './media.ts'

const url = 'https://media-fra3-1.cdn.whatsapp.net/v/t62?x=1'

test('an image is asked for at the host of its URL, else at the media host', () => {
  const place = (image: Parameters<typeof placeOf>[0]) => placeOf(image, whatsAppHosts).href
  assert.equal(place({ url }), url)
  assert.equal(place({ url, directPath: '/v/a?b=c' }), 'https://media-fra3-1.cdn.whatsapp.net/v/a?b=c')
  assert.equal(place({ directPath: '/v/a?b=c' }), 'https://mmg.whatsapp.net/v/a?b=c')
  assert.equal(place({ url: 'https://evil.example/', directPath: '/v/a' }), 'https://mmg.whatsapp.net/v/a')
})

test('no path and no URL leads elsewhere', () => {
  for (const directPath of [
    '.evil.example:6443/x',
    '//evil.example/x',
    '@evil.example/x',
    '/\\evil.example/x',
  ])
    for (const image of [{ directPath }, { url, directPath }])
      assert.throws(() => placeOf(image, whatsAppHosts), { code: 'media_unavailable' })
  assert.throws(() => placeOf({ url: 'http://169.254.169.254/x' }, whatsAppHosts), {
    code: 'media_unavailable',
  })
})
