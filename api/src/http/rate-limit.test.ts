import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { addressBudget } from './rate-limit.ts'

describe('the budget of an address', () => {
  const names: [address: string | undefined, name: string][] = [
    ['203.0.113.7', 'ip:203.0.113.7'],
    ['::ffff:203.0.113.7', 'ip:203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', 'ip:2001:db8:1:2::/64'],
    ['2001:DB8:1:2::ffff', 'ip:2001:db8:1:2::/64'],
    ['2001:db8::1', 'ip:2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'ip:fe80:0:0:0::/64'],
    ['::1', 'ip:0:0:0:0::/64'],
    [undefined, 'ip:unknown'],
  ]
  for (const [address, name] of names)
    it(`${address} is ${name}`, () => assert.equal(addressBudget(address), name))
})
