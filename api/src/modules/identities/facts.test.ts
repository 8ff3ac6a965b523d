import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFacts, type Fact, NOW } from './facts.ts'

const fact = (pn: string, lid: string, seq: number): Fact => ({ pn, lid, seq })
function told(...facts: Fact[]) {
  const known = createFacts<Fact>([])
  for (const one of facts) known.learn(one)
  return known
}

describe('facts of identities', () => {
  it('hold from the beginning until one of the two is told in another pair', () => {
    const facts = told(fact('1', 'A', 10))
    for (const seq of [1, 10, 99, NOW]) {
      assert.equal(facts.ofNumber('1', seq)?.lid, 'A')
      assert.equal(facts.ofLid('A', seq)?.pn, '1')
    }
    assert.equal(facts.ofNumber('2', 10), undefined)
  })

  it('leave what was before with the old owner of a number', () => {
    const facts = told(fact('1', 'A', 10), fact('1', 'B', 20))
    assert.deepEqual(
      [5, 19, 20, NOW].map((seq) => facts.ofNumber('1', seq)?.lid),
      ['A', 'A', 'B', 'B'],
    )
    assert.equal(facts.ofLid('A', NOW), undefined, 'nobody knows the number of the old owner')
    assert.deepEqual(
      [5, 20].map((seq) => facts.formerOwners('1', seq)),
      [0, 1],
    )
  })

  it('keep a person who changes the number, and leave that number to nobody', () => {
    const facts = told(fact('1', 'A', 10), fact('2', 'A', 30))
    assert.deepEqual(
      [29, 30].map((seq) => facts.ofLid('A', seq)?.pn),
      ['1', '2'],
    )
    assert.deepEqual(
      [29, 30, NOW].map((seq) => facts.ofNumber('1', seq)?.lid),
      ['A', undefined, undefined],
    )
    // Whoever has it next has had it since.
    facts.learn(fact('1', 'B', 50))
    assert.deepEqual(
      [29, 30, 50].map((seq) => facts.ofNumber('1', seq)?.lid),
      ['A', 'B', 'B'],
    )
  })

  it('may come back', () => {
    const facts = told(fact('1', 'A', 10), fact('2', 'A', 30), fact('1', 'A', 50))
    assert.deepEqual(
      [10, 30, 50].map((seq) => facts.ofLid('A', seq)?.pn),
      ['1', '2', '1'],
    )
    assert.equal(facts.ofNumber('2', NOW), undefined)
    assert.equal(facts.owners('1'), 2)
  })

  it('are known only as long as they hold', () => {
    const facts = told(fact('1', 'A', 10), fact('1', 'B', 20))
    assert.deepEqual(
      [10, 19, 20].map((seq) => facts.knows({ pn: '1', lid: 'A' }, seq)),
      [true, true, false],
    )
  })
})
