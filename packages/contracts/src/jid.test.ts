import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { addressOf, bareJid, canonicalJid, jidOfPhone, parseJid, phoneOf } from './jid.ts'

describe('jid', () => {
  const forms: [text: string, bare: string, kind: string][] = [
    ['4915112345678@s.whatsapp.net', '4915112345678@s.whatsapp.net', 'pn'],
    ['4915112345678:12@s.whatsapp.net', '4915112345678@s.whatsapp.net', 'pn'],
    ['4915112345678@c.us', '4915112345678@s.whatsapp.net', 'pn'],
    ['4915112345678:99@hosted', '4915112345678@s.whatsapp.net', 'pn'],
    ['123456789_1:5@lid', '123456789@lid', 'lid'],
    ['123456789:99@hosted.lid', '123456789@lid', 'lid'],
    ['120363012345678901@g.us', '120363012345678901@g.us', 'group'],
    ['120363012345678901@newsletter', '120363012345678901@newsletter', 'newsletter'],
    ['status@broadcast', 'status@broadcast', 'status'],
  ]
  for (const [text, bare, kind] of forms) {
    it(`reads ${text}`, () => {
      assert.equal(parseJid(text)?.kind, kind)
      assert.equal(bareJid(text), bare)
    })
  }

  it('leaves alone what is no address', () => {
    assert.equal(parseJid('hello'), undefined)
    assert.equal(bareJid('hello'), 'hello')
  })

  it('files both forms of a person under one key, whichever came first', () => {
    const device = fc.integer({ min: 0, max: 99 })
    fc.assert(
      fc.property(
        fc.bigInt(10000n, 10n ** 15n),
        fc.bigInt(10000n, 10n ** 15n),
        device,
        (number, hidden, n) => {
          const pn = `${number}:${n}@s.whatsapp.net`
          const lid = `${hidden}:${n}@lid`
          assert.equal(canonicalJid(addressOf(pn, lid)), `${hidden}@lid`)
          assert.equal(canonicalJid(addressOf(lid, pn)), `${hidden}@lid`)
          assert.equal(canonicalJid(addressOf(pn)), `${number}@s.whatsapp.net`)
        },
      ),
    )
  })

  it('knows the number of a phone address only', () => {
    assert.equal(phoneOf('4915112345678:3@s.whatsapp.net'), '4915112345678')
    assert.equal(phoneOf('123@lid'), undefined)
    assert.equal(jidOfPhone('+49 (151) 123-45678'), '4915112345678@s.whatsapp.net')
  })
})
