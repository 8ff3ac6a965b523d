import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TenantCollection } from './tenant-collection.ts'

type Note = { organization: string; text: string }

/** Never called: what matters is that the compiler refuses each marked line. */
export function queriesThatDoNotTypeCheck(notes: TenantCollection<Note>) {
  return [
    // @ts-expect-error no organisation
    () => notes.find({ text: 'x' }),
    // @ts-expect-error no organisation
    () => notes.findOne({}),
    // @ts-expect-error more than one organisation
    () => notes.find({ organization: { $ne: 'acme' } }),
    // @ts-expect-error another organisation by the back door
    () => notes.find({ organization: 'acme', $or: [{ organization: 'other' }] }),
    // @ts-expect-error a document cannot change hands
    () => notes.update({ organization: 'acme' }, { $set: { organization: 'other' } }),
    // @ts-expect-error no such field
    () => notes.find({ organization: 'acme', title: 'x' }),
    () => notes.find({ organization: 'acme', text: 'x' }),
  ]
}

describe('tenant collection', () => {
  it('holds its law at compile time: this file type-checks only while every bad query above is refused', () => {
    assert.equal(queriesThatDoNotTypeCheck({} as TenantCollection<Note>).length, 7)
  })
})
