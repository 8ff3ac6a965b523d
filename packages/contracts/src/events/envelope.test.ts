import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EVENT_SCHEMAS, EVENT_TYPES } from './catalogue.ts'
import { journalEnvelope, liveEnvelope } from './envelope.ts'

const origin = { organization: 'acme', instance: 'default.demo', epoch: 3 }
const at = new Date('2026-01-02T03:04:05.678Z')

describe('event envelopes', () => {
  it('identify a journaled event by instance and seq, with dates as text', () => {
    const event = journalEnvelope(origin, {
      seq: 7,
      type: 'message.status',
      at,
      data: { id: 'M', chat: { jid: '1@lid' }, status: 'read', at },
    })
    assert.equal(event.id, 'default.demo:7')
    assert.equal(event.seq, 7)
    assert.equal(event.time, at.toISOString())
    assert.deepEqual(event.data, { id: 'M', chat: { jid: '1@lid' }, status: 'read', at: at.toISOString() })
  })

  it('give live events no seq', () => {
    const event = liveEnvelope(origin, 'pairing.code', { code: 'ABCD1234', expiresAt: at }, at, 'x1')
    assert.equal('seq' in event, false)
  })

  it('carry data that still fits the schema after its way through JSON', () => {
    const event = journalEnvelope(origin, {
      seq: 1,
      type: 'message.received',
      at,
      data: {
        message: {
          id: 'M',
          chat: { jid: '1@lid', lid: '1@lid', pn: '49@s.whatsapp.net' },
          sender: { jid: '1@lid' },
          fromMe: false,
          timestamp: at,
          content: { type: 'image', caption: '', media: { mimetype: 'image/png', size: 3 } },
        },
      },
    })
    assert.equal(EVENT_SCHEMAS['message.received'].validate(event.data).error, undefined)
  })

  it('every type has a schema that refuses unknown fields', () => {
    for (const type of EVENT_TYPES)
      assert.match(String(EVENT_SCHEMAS[type].validate({ x: 1 }).error), /"x" is not allowed|required/)
  })
})
