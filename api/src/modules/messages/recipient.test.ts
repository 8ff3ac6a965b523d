import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isWarrenError } from '@warren/contracts'
import { recipientJid } from './recipient.ts'

describe('a recipient', () => {
  const accepted: [text: string, jid: string][] = [
    ['4915112345678', '4915112345678@s.whatsapp.net'],
    ['+49 (151) 123-45678', '4915112345678@s.whatsapp.net'],
    ['4915112345678@c.us', '4915112345678@s.whatsapp.net'],
    ['4915112345678:3@s.whatsapp.net', '4915112345678@s.whatsapp.net'],
    ['123456789012345@lid', '123456789012345@lid'],
    ['120363012345678901@g.us', '120363012345678901@g.us'],
    ['4915112345678-1500000000@g.us', '4915112345678-1500000000@g.us'],
  ]
  for (const [text, jid] of accepted)
    it(`may be ${text}`, () => assert.equal(recipientJid(text, 'body.to'), jid))

  const refused = [
    '@lid',
    '../../x@lid',
    'a\nb@s.whatsapp.net',
    '   @g.us',
    '---@g.us',
    'abc@c.us',
    '4915112345678@s.whatsapp.net\n',
    `${'1'.repeat(21)}@s.whatsapp.net`,
    'status@broadcast',
    '1@newsletter',
    '4915112345678;ext=1',
    'call 4915112345678',
    '123',
    '',
  ]
  for (const text of refused)
    it(`may not be ${JSON.stringify(text)}`, () =>
      assert.throws(
        () => recipientJid(text, 'body.to'),
        (error) => isWarrenError(error, 'validation_failed') && error.details.fields?.[0]?.path === 'body.to',
      ))
})
