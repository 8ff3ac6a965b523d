import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { isWarrenError } from '@warren/contracts'
import { startApi, startServices } from '../testing/harness.ts'
import { decodeCursor, encodeCursor } from './paging.ts'

const ID = 'a'.repeat(24)

describe('a cursor', () => {
  it('is read as it was given out', () => {
    const key = [1_700_000_000_000, ID]
    assert.deepEqual(decodeCursor(encodeCursor(key), ['time', 'objectId']), key)
    assert.deepEqual(decodeCursor(encodeCursor(['777@lid']), ['text']), ['777@lid'])
  })

  const invented: unknown[][] = [
    [1e300, ID],
    [1.5, ID],
    [1, 'x'],
    [1, `${ID}0`],
    [1],
    [1, ID, 1],
    [null, ID],
    [{}, ID],
  ]
  for (const key of invented)
    it(`is not ${JSON.stringify(key)}`, () =>
      assert.throws(
        () => decodeCursor(Buffer.from(JSON.stringify(key)).toString('base64url'), ['time', 'objectId']),
        (error) => isWarrenError(error, 'validation_failed'),
      ))

  it('that no list gave out is an error of the caller, at every list', async () => {
    const { send, register } = await startApi(await startServices({ after }))
    const { token } = await register()
    const instance = (await send('POST', '/api/v1/instances', { token, body: {} })).body.id
    for (const path of ['messages', 'chats', 'contacts'].map((list) => `/instances/${instance}/${list}`)) {
      for (const key of [[1e300, 'x'], [1, 'x\0'], [{ $gt: '' }]]) {
        const cursor = Buffer.from(JSON.stringify(key)).toString('base64url')
        const { status, body } = await send('GET', `/api/v1${path}?cursor=${cursor}`, { token })
        assert.equal(status, 400, `${path} ${JSON.stringify(key)}`)
        assert.equal(body.errors[0].path, 'query.cursor')
      }
    }
  })
})
