import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Commit, contradictions } from './history.ts'

const takeover = (n: number, epoch: number, holder: string): Commit => ({ n, epoch, holder, takeover: true })
const commit = (n: number, epoch: number, holder: string, seq?: number): Commit => ({
  ...{ n, epoch, holder },
  ...(seq === undefined ? {} : { seq }),
})

const GOOD: Record<string, Commit[]> = {
  'nothing at all': [],
  'one holder': [takeover(1, 1, 'a'), commit(2, 1, 'a', 3), commit(3, 1, 'a', 4)],
  'one after the other': [
    takeover(1, 1, 'a'),
    commit(2, 1, 'a', 1),
    takeover(3, 2, 'b'),
    commit(4, 2, 'b', 2),
  ],
  'a holder that wrote nothing': [takeover(1, 1, 'a'), takeover(2, 2, 'b'), commit(3, 2, 'b')],
  'the same process name again': [takeover(1, 1, 'a/x'), takeover(2, 2, 'a/y')],
  'folded commits are gone': [takeover(1, 1, 'a'), takeover(90, 2, 'b'), commit(200, 2, 'b', 900)],
  'an epoch that was skipped': [takeover(1, 1, 'a'), takeover(2, 5, 'b')],
  'read in another order': [commit(2, 1, 'a', 1), takeover(1, 1, 'a')],
}

const BAD: [string, Commit[], RegExp][] = [
  [
    'a fenced holder writes on',
    [takeover(1, 1, 'a'), commit(2, 1, 'a'), takeover(3, 2, 'b'), commit(4, 1, 'a')],
    /at 4 epoch 1 \(a\) wrote after epoch 2 \(b\)/,
  ],
  [
    'two holders take turns',
    [takeover(1, 1, 'a'), takeover(2, 2, 'b'), commit(3, 1, 'a'), commit(4, 2, 'b')],
    /at 3 epoch 1/,
  ],
  [
    'two processes in one epoch',
    [takeover(1, 1, 'a'), commit(2, 1, 'b')],
    /epoch 1 has two holders, a and b/,
  ],
  [
    'a write without a takeover',
    [takeover(1, 1, 'a'), commit(2, 2, 'b')],
    /epoch 2 \(b\) wrote at 2 without/,
  ],
  [
    'a place that was written over',
    [takeover(1, 1, 'a'), commit(2, 1, 'a'), takeover(2, 2, 'b')],
    /place 2 is taken twice/,
  ],
  ['two takeovers of one epoch', [takeover(1, 1, 'a'), takeover(2, 1, 'a')], /took over twice, again at 2/],
  [
    'a number of the journal given twice',
    [takeover(1, 1, 'a'), commit(2, 1, 'a', 5), takeover(3, 2, 'b'), commit(4, 2, 'b', 5)],
    /the journal goes back from 5 to 5 at 4/,
  ],
]

for (const [name, commits] of Object.entries(GOOD)) {
  test(`accepts: ${name}`, () => assert.deepEqual(contradictions(commits), []))
}
for (const [name, commits, expected] of BAD) {
  test(`refuses: ${name}`, () => assert.match(contradictions(commits).join('\n'), expected))
}
