import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'

import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { createFakeClock, systemClock } from '../clock/index.ts'
import { type Cleanup, tempDir, withS3 } from '../testing/index.ts'
import { objectStoreConformance } from './conformance.ts'
import { createFolderStore, createS3Store, createSignedBlobHandler, createUrlSigner } from './index.ts'
import { presignV4 } from './presign-v4.ts'

/** A folder store whose URLs are served below `/blobs`, as an application mounts them. */
async function serveFolder(file: Cleanup, clock = systemClock) {
  const root = join(tempDir(file), 'store')
  let handle: ReturnType<typeof createSignedBlobHandler>
  const server = createServer((request, response) => {
    request.url = request.url?.replace(/^\/blobs/, '') ?? '/'
    void handle(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  file.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/blobs`
  const signer = createUrlSigner({ baseUrl, signingKey: randomBytes(32), clock })
  const store = createFolderStore({ root, signer })
  handle = createSignedBlobHandler({ store, signer })
  await store.start()
  return { store, root, baseUrl, checksSignatures: true }
}

const folder = await serveFolder({ after })
objectStoreConformance('folder store', folder)

const peer = await withS3({ after })
const s3 = createS3Store({ ...peer, bucket: `test-${randomUUID()}`, clock: systemClock })
await Promise.all([s3.start(), s3.start()])
const { checksSignatures } = peer
objectStoreConformance(`S3 store (served by ${peer.origin})`, { store: s3, checksSignatures })

describe('folder store', () => {
  test('what a crash left unfinished is removed at the next start, and never seen as an object', async (t) => {
    const { store, root } = await serveFolder(t)
    writeFileSync(join(root, 'incoming', 'half'), 'x')
    await store.start()
    assert.deepEqual(readdirSync(join(root, 'incoming')), [])
    assert.equal(existsSync(join(root, 'objects')), false)
  })

  test('a key may continue another, though a folder cannot be a file', async (t) => {
    const { store } = await serveFolder(t)
    await store.put('a', Buffer.from('a'), { contentType: 'text/plain' })
    await store.put('a/b', Buffer.from('bb'), { contentType: 'text/plain' })
    assert.deepEqual([(await store.stat('a'))?.size, (await store.stat('a/b'))?.size], [1, 2])
  })

  test('a URL ends at its time, and belongs to one method', async (t) => {
    const clock = createFakeClock()
    const { store } = await serveFolder(t, clock)
    await store.put('a', Buffer.from('x'), { contentType: 'text/plain' })
    const url = await store.presignGet('a', { expiresSeconds: 10 })
    assert.equal((await fetch(url, { method: 'HEAD' })).status, 200)
    assert.equal((await fetch(url, { method: 'PUT', body: 'y' })).status, 403)
    assert.equal((await fetch(url, { method: 'DELETE' })).status, 405)
    await clock.advance(10_000)
    assert.equal((await fetch(url)).status, 403)
  })

  test('content is served so that it cannot act as a page of this origin', async (t) => {
    const { store } = await serveFolder(t)
    await store.put('a', Buffer.from('<script>'), { contentType: 'text/html' })
    const { headers } = await fetch(await store.presignGet('a', { expiresSeconds: 10 }))
    assert.equal(headers.get('content-security-policy'), "default-src 'none'; sandbox")
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
  })

  test('ranges that cannot be served are 416, those that are not understood are ignored', async (t) => {
    const { store } = await serveFolder(t)
    await store.put('a', Buffer.from('0123456789'), { contentType: 'text/plain' })
    const url = await store.presignGet('a', { expiresSeconds: 10 })
    const get = async (range: string) => {
      const response = await fetch(url, { headers: { range } })
      return [response.status, await response.text()]
    }
    assert.deepEqual(await get('bytes=-3'), [206, '789'])
    assert.deepEqual(await get('bytes=10-'), [416, ''])
    assert.deepEqual(await get('bytes=0-1,3-4'), [200, '0123456789'])
    await store.delete('a')
    assert.deepEqual(await get('bytes=0-1'), [404, ''])
  })

  test('an upload without a length, or cut in the middle, leaves nothing', async (t) => {
    const { store, root } = await serveFolder(t)
    const target = await store.presignPut('a', { expiresSeconds: 10, contentType: 'text/plain', bytes: 5 })
    const put = (headers: Record<string, string>) =>
      request(target.url, { method: 'PUT', headers: { ...target.headers, ...headers } })
    const chunked = await new Promise<number | undefined>((resolve, reject) => {
      const sending = put({ 'transfer-encoding': 'chunked' })
      sending.on('error', reject).on('response', (response) => resolve(response.statusCode))
      sending.end('12345')
    })
    assert.equal(chunked, 413)
    await new Promise<void>((resolve) => {
      const cut = put({ 'content-length': '5' })
      cut.on('error', () => resolve())
      cut.write('123', () => cut.destroy(new Error('cut')))
    })
    assert.equal(await store.stat('a'), undefined)
    assert.equal(existsSync(join(root, 'objects')), false)
  })

  test('a path that cannot be decoded is refused', async (t) => {
    const { baseUrl } = await serveFolder(t)
    assert.equal((await fetch(`${baseUrl}/%E0%A4%A?signature=x`)).status, 400)
  })
})

test('signatures are those of the example in AWS’ documentation', () => {
  // docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
  const url = presignV4('GET', new URL('https://examplebucket.s3.amazonaws.com/test.txt'), {}, 86_400, {
    accessKey: 'AKIAIOSFODNN7EXAMPLE',
    secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    region: 'us-east-1',
    now: new Date('2013-05-24T00:00:00Z'),
  })
  const signature = new URL(url).searchParams.get('X-Amz-Signature')
  assert.equal(signature, 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404')
})
