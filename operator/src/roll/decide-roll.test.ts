import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decideRoll, mostUnavailable, type RollView } from './decide-roll.ts'

const candidate = (n: number, organization = `org-${n}`) => ({ key: `i${n}`, organization, bornMs: n })
const VIEW: RollView = {
  running: 40,
  candidates: [],
  moves: [],
  unavailable: new Map(),
  outcomes: [],
  bounds: { maxUnavailable: 0.1, maxUnavailablePerOrganization: 1 },
}
const next = (view: Partial<RollView>) => decideRoll({ ...VIEW, ...view }).next

test('the oldest, up to the bound, one of an organisation', () => {
  const candidates = [5, 4, 3, 2, 1].map((n) => candidate(n))
  assert.deepEqual(next({ candidates }), ['i1', 'i2', 'i3', 'i4'])
  assert.deepEqual(next({ candidates, running: 5 }), ['i1'], 'one always may')
  assert.deepEqual(next({ candidates: [1, 2].map((n) => candidate(n, 'acme')) }), ['i1'])
  const moves = [{ key: 'x', organization: 'org-1' }]
  assert.deepEqual(next({ candidates, moves }), ['i2', 'i3', 'i4'], 'its organisation has one on the way')
})

test('sessions that are away for other reasons count, and are replaced first', () => {
  const candidates = [1, 2, 3].map((n) => candidate(n))
  const unavailable = new Map(['a', 'b', 'c', 'd'].map((key) => [key, 'acme']))
  assert.deepEqual(next({ candidates, unavailable }), [])
  assert.deepEqual(next({ candidates, unavailable: new Map([...unavailable, ['i3', 'org-3']]) }), ['i3'])
})

test('sessions that an operator before took down count for their organisation too', () => {
  const candidates = [1, 2].map((n) => candidate(n, 'acme'))
  const unavailable = new Map([['taken', 'acme']])
  assert.deepEqual(next({ candidates, unavailable }), [])
  assert.deepEqual(next({ candidates: [...candidates, candidate(3)], unavailable }), ['i3'])
  assert.deepEqual(
    next({ candidates, unavailable: new Map([['i2', 'acme']]) }),
    ['i2'],
    'itself costs nothing',
  )
})

test('it pauses when too many of the last ones did not come back, and goes on when they did', () => {
  const candidates = [candidate(1)]
  const lost = (count: number) => [...Array(count).fill('lost'), ...Array(9 - count).fill('back')]
  assert.deepEqual(decideRoll({ ...VIEW, candidates, outcomes: lost(3) }), { paused: true, next: [] })
  assert.equal(decideRoll({ ...VIEW, candidates, outcomes: lost(2) }).paused, false)
  assert.equal(decideRoll({ ...VIEW, candidates, running: 5, outcomes: lost(1) }).paused, true)
  const long = [...Array(3).fill('lost'), ...Array(10).fill('back')]
  assert.equal(decideRoll({ ...VIEW, candidates, outcomes: long }).paused, false, 'long ago')
})

/** Sessions go down and come back at random while the roll is on its way. */
const step = fc.record({
  do: fc.constantFrom('decide', 'decide', 'back', 'fail', 'heal'),
  n: fc.integer({ min: 0, max: 29 }),
})

test('it never takes more sessions down than the bounds allow, and gets to its end', () => {
  const bounds = fc.record({
    maxUnavailable: fc.double({ min: 0, max: 0.5, noNaN: true }),
    maxUnavailablePerOrganization: fc.integer({ min: 1, max: 3 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), bounds, (steps, limits) => {
      const old = new Set(Array.from({ length: 30 }, (_, n) => n))
      const moving = new Set<number>()
      const failing = new Set<number>()
      const organizationOf = (n: number) => `org-${n % 7}`
      const most = mostUnavailable(30, limits)
      const decide = () => {
        const before = new Set([...moving, ...failing])
        const started = decideRoll({
          ...VIEW,
          running: 30,
          bounds: limits,
          candidates: [...old].map((n) => candidate(n, organizationOf(n))),
          moves: [...moving].map((n) => ({ key: `i${n}`, organization: organizationOf(n) })),
          unavailable: new Map([...failing].map((n) => [`i${n}`, organizationOf(n)])),
        }).next.map((key) => Number(key.slice(1)))
        for (const n of started) {
          old.delete(n)
          moving.add(n)
        }
        const down = new Set([...moving, ...failing])
        if (down.size > before.size) assert.ok(down.size <= most, `${down.size} down, ${most} allowed`)
        for (let n = 0; n < 7; n++) {
          const here = [...moving].filter((one) => organizationOf(one) === `org-${n}`).length
          assert.ok(here <= limits.maxUnavailablePerOrganization)
          const isHere = (one: number) => organizationOf(one) === `org-${n}`
          const [awayBefore, away] = [before, down].map((all) => [...all].filter(isHere).length)
          if (Number(away) > Number(awayBefore))
            assert.ok(Number(away) <= limits.maxUnavailablePerOrganization, `${away} of one are away`)
        }
        return started.length
      }
      for (const { do: what, n } of steps) {
        if (what === 'decide') decide()
        if (what === 'back') moving.delete(n)
        if (what === 'fail' && !moving.has(n)) failing.add(n)
        if (what === 'heal') failing.delete(n)
      }
      failing.clear()
      for (let round = 0; round < 60 && old.size > 0; round++) {
        moving.clear()
        assert.ok(decide() > 0, 'it stands still')
      }
      assert.equal(old.size, 0)
    }),
  )
})
