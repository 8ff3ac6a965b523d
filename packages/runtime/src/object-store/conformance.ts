import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { until } from '../testing/index.ts'
import type { ObjectStore } from './object-store.ts'

export type StoreUnderTest = {
  store: ObjectStore
  /** Whether it checks signatures; a peer that does not cannot show that forged URLs are refused. */
  checksSignatures: boolean
}

/** What every object store promises. */
export function objectStoreConformance(name: string, { store, checksSignatures }: StoreUnderTest): void {
  describe(`${name} as an ObjectStore`, () => {
    const freshKey = () => `acme/sales/${randomUUID()}.bin`
    const type = 'image/jpeg'

    test('what was put is there, with type, size and metadata, and is replaced by the next', async () => {
      const key = freshKey()
      assert.equal(await store.stat(key), undefined)
      const metadata = { sha256: 'abc', 'from-chat': '1@s.whatsapp.net' }
      assert.deepEqual(await store.put(key, Buffer.from('first'), { contentType: type, metadata }), {
        size: 5,
      })
      assert.deepEqual(await store.stat(key), { size: 5, contentType: type, metadata })
      await store.put(key, Buffer.from('second one'), { contentType: 'text/plain' })
      const { stream, ...info } = await store.get(key)
      assert.equal((await buffer(stream)).toString(), 'second one')
      assert.deepEqual(info, { size: 10, contentType: 'text/plain', metadata: {} })
      await store.put(key, Buffer.alloc(0), { contentType: type })
      assert.equal((await buffer((await store.get(key)).stream)).length, 0)
    })

    test('streams of known and unknown length arrive whole, also in several parts', async () => {
      const bytes = randomBytes(17 * 1024 * 1024 + 17)
      const chunks = function* () {
        for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
      }
      for (const size of [{}, { size: bytes.length }]) {
        const key = freshKey()
        assert.deepEqual(await store.put(key, Readable.from(chunks()), { contentType: type, ...size }), {
          size: bytes.length,
        })
        assert.ok((await buffer((await store.get(key)).stream)).equals(bytes))
      }
    })

    test('a stream that breaks or has another length leaves no object', async () => {
      const broken = freshKey()
      for (const chunks of [1, 20]) {
        const breaking = function* () {
          for (let n = 0; n < chunks; n++) yield Buffer.alloc(1024 * 1024)
          throw new Error('cut')
        }
        await assert.rejects(store.put(broken, Readable.from(breaking()), { contentType: type }), /cut/)
      }
      const short = store.put(broken, Readable.from([Buffer.from('abc')]), { contentType: type, size: 5 })
      await assert.rejects(short, { code: 'size_mismatch' })
      const long = store.put(broken, Readable.from([Buffer.from('abcdef')]), { contentType: type, size: 5 })
      await assert.rejects(long, { code: 'size_mismatch' })
      assert.equal(await store.stat(broken), undefined)
    })

    test('ranges', async () => {
      const key = freshKey()
      await store.put(key, Buffer.from('0123456789'), { contentType: type })
      const read = async (start: number, end?: number) => {
        const range = end === undefined ? { start } : { start, end }
        const { stream, size } = await store.get(key, { range })
        return [(await buffer(stream)).toString(), size]
      }
      assert.deepEqual(await read(0, 3), ['0123', 10])
      assert.deepEqual(await read(0), ['0123456789', 10])
      assert.deepEqual(await read(7), ['789', 10])
      assert.deepEqual(await read(8, 99), ['89', 10])
      await assert.rejects(store.get(key, { range: { start: 10 } }), { code: 'invalid_range' })
      await assert.rejects(store.get(key, { range: { start: 3, end: 2 } }), { code: 'invalid_range' })
    })

    test('what is not there: get fails, delete does not', async () => {
      const key = freshKey()
      await assert.rejects(store.get(key), { code: 'not_found' })
      await store.put(key, Buffer.from('x'), { contentType: type })
      await store.delete(key)
      await store.delete(key)
      assert.equal(await store.stat(key), undefined)
    })

    test('keys that could mean another place are refused everywhere', async () => {
      const bad = [
        '',
        '/',
        '/a',
        'a/',
        'a//b',
        '..',
        'a/../b',
        './a',
        'a\\b',
        'a b',
        'a\0',
        'a~',
        'ä',
        'x'.repeat(901),
      ]
      for (const key of bad) {
        await assert.rejects(
          store.put(key, Buffer.from('x'), { contentType: type }),
          { code: 'invalid_key' },
          key,
        )
        await assert.rejects(async () => store.get(key), { code: 'invalid_key' })
        await assert.rejects(async () => store.stat(key), { code: 'invalid_key' })
        await assert.rejects(async () => store.delete(key), { code: 'invalid_key' })
        await assert.rejects(store.presignGet(key, { expiresSeconds: 60 }), { code: 'invalid_key' })
        await assert.rejects(store.presignPut(key, { expiresSeconds: 60, contentType: type, bytes: 1 }), {
          code: 'invalid_key',
        })
      }
    })

    test('a presigned GET serves the object, in ranges, under a name, and to nobody with another URL', async () => {
      const key = freshKey()
      await store.put(key, Buffer.from('0123456789'), { contentType: type })
      const url = await store.presignGet(key, { expiresSeconds: 60 })
      const whole = await fetch(url)
      assert.deepEqual(
        [whole.status, whole.headers.get('content-type'), await whole.text()],
        [200, type, '0123456789'],
      )
      const part = await fetch(url, { headers: { range: 'bytes=2-4' } })
      assert.deepEqual(
        [part.status, part.headers.get('content-range'), await part.text()],
        [206, 'bytes 2-4/10', '234'],
      )
      const options = { expiresSeconds: 60, filename: 'Größe "1".jpg', contentType: 'image/png' }
      const named = await fetch(await store.presignGet(key, options))
      await named.body?.cancel()
      assert.match(named.headers.get('content-disposition') ?? '', /^attachment; .*UTF-8''Gr%C3%B6%C3%9Fe%20/)
      assert.equal(named.headers.get('content-type'), 'image/png')
      if (!checksSignatures) return
      const status = async (changed: string) => (await fetch(changed)).status
      assert.equal(await status(url.replace('acme/sales', 'acme/other')), 403)
      assert.equal(await status(url.replace(/(signature=)./i, '$1_')), 403)
      assert.equal(await status(`${url}&response-content-type=text/html`), 403)
      assert.equal(await status(url.split('?')[0] ?? ''), 403)
    })

    test('a presigned PUT takes exactly what was agreed', async () => {
      const key = freshKey()
      const target = await store.presignPut(key, { expiresSeconds: 60, contentType: type, bytes: 5 })
      const upload = async (body: string, headers = target.headers) =>
        (await fetch(target.url, { method: target.method, headers, body })).status
      if (checksSignatures) {
        assert.ok((await upload('123456')) >= 400, 'too long')
        assert.ok((await upload('1234')) >= 400, 'too short')
        assert.ok((await upload('12345', { 'content-type': 'text/html' })) >= 400, 'another type')
        assert.equal(await store.stat(key), undefined)
      }
      assert.equal(await upload('12345'), 200)
      assert.deepEqual(await store.stat(key), { size: 5, contentType: type, metadata: {} })
    })

    test('a signed URL ends', async () => {
      await assert.rejects(store.presignPut('a', { expiresSeconds: 8 * 86_400, contentType: type, bytes: 1 }))
      await assert.rejects(store.presignGet('a', { expiresSeconds: 8 * 86_400 }))
      if (!checksSignatures) return
      const key = freshKey()
      await store.put(key, Buffer.from('x'), { contentType: type })
      const url = await store.presignGet(key, { expiresSeconds: 1 })

      await until(async () => (await fetch(url)).status === 403, {
        everyMs: 100,
        describe: 'the end of the URL',
      })
    })
  })
}
