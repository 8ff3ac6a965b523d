import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contactIdOf, isContactId } from './contact-id.ts'

test('the id of a contact is a UUID that depends on the session, the key and the owners before', () => {
  const id = contactIdOf('acme/ns.one', '1@lid')
  assert.equal(id, contactIdOf('acme/ns.one', '1@lid', 0))
  assert.ok(isContactId(id))
  const others = [
    contactIdOf('acme/ns.two', '1@lid'),
    contactIdOf('acme/ns.one', '2@lid'),
    contactIdOf('acme/ns.one', '1@lid', 1),
  ]
  assert.equal(new Set([id, ...others]).size, 4)
  for (const text of ['4915112345678', '1@lid', id.toUpperCase(), `${id}0`])
    assert.equal(isContactId(text), false)
})

test('it never changes: customers keep it', () => {
  assert.equal(contactIdOf('acme/default.demo', '184467@lid'), '28105d5c-9d97-8b64-90ce-8f372cebf779')
})
