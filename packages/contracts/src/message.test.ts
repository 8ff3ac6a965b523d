import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { MESSAGE_STATUSES, type MessageStatus, statusAdvances } from './message.ts'

const status = fc.constantFrom(...MESSAGE_STATUSES)
const follow = (events: MessageStatus[]) =>
  events.reduce<MessageStatus>((now, next) => (statusAdvances(now, next) ? next : now), 'queued')

describe('the way of a message', () => {
  it('ends at the furthest point whatever the order and repetition of the receipts', () => {
    const receipts = fc.array(fc.constantFrom<MessageStatus>('sent', 'delivered', 'read', 'played'), {
      minLength: 1,
    })
    fc.assert(
      fc.property(receipts, (events) => {
        assert.equal(follow(events), follow([...events].reverse()))
        assert.equal(follow(events), follow([...events, ...events]))
      }),
    )
  })

  it('never goes in a circle', () => {
    fc.assert(fc.property(status, status, (a, b) => !(statusAdvances(a, b) && statusAdvances(b, a))))
  })

  it('believes a receipt more than an earlier failure, and no failure after a receipt', () => {
    assert.ok(statusAdvances('failed', 'delivered'))
    assert.ok(!statusAdvances('sent', 'failed'))
    assert.ok(statusAdvances('pending', 'failed'))
    assert.ok(!statusAdvances('failed', 'pending'))
  })
})
