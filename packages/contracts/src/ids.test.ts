import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { instanceIdOf, messageIdFrom, parseInstanceId } from './ids.ts'

describe('ids', () => {
  it('joins and splits namespace and name, also when the name has dots', () => {
    for (const key of [
      { namespace: 'default', name: 'demo' },
      { namespace: 'a-b', name: 'shop.berlin-1' },
    ])
      assert.deepEqual(parseInstanceId(instanceIdOf(key)), key)
  })

  for (const text of ['', 'demo', '.demo', 'ns.', 'NS.demo', 'ns.-x', 'ns.x/y', 'ns.x y'])
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseInstanceId(text), undefined))

  it('makes message ids of the form that linked devices use', () => {
    assert.equal(messageIdFrom(new Uint8Array(9).fill(0xab)), `3EB0${'AB'.repeat(9)}`)
    assert.throws(() => messageIdFrom(new Uint8Array(8)), RangeError)
  })
})
