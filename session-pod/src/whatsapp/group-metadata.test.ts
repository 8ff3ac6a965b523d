import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupMetadata } from './group-metadata.ts'

const asked = (data: unknown) =>
  groupMetadata(
    { groupMetadata: () => Promise.reject(Object.assign(new Error('no'), { data })) },
    '123-456@g.us',
  )

for (const code of [401, 403, 404, 410])
  test(`${code}: this account is not in the group`, async () => {
    await assert.rejects(asked(code), { code: 'not_in_group', details: { whatsappCode: code } })
  })

for (const data of [429, 500, undefined, '403'])
  test(`${data}: it may pass`, async () => {
    await assert.rejects(asked(data), { message: 'no' })
  })
