import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Figure, mediansOf } from '../figure.ts'
import { pageOf } from './page.ts'
import { rowsOf } from './present.ts'
import { tableOf } from './table.ts'

const sending: Figure = {
  title: 'Sending',
  unit: 'messages/s',
  digits: 0,
  values: { bare: [100, 200, 400], tuned: [], warren: [150, 100, 600] },
  ratios: [
    { key: 'out_ratio', of: 'warren', over: 'bare', target: { atLeast: 1 } },
    { key: 'out_loose', of: 'warren', over: 'bare', target: { atMost: 2 } },
  ],
}
const memory: Figure = {
  title: 'Private memory',
  unit: 'MB',
  digits: 1,
  values: { warren: [30, 20] },
  absolute: { key: 'idle_private_mb', of: 'warren', target: { below: 25 } },
}

test('a variant and a ratio have a row each, with the spread and what became of the target', () => {
  assert.deepEqual(rowsOf(sending), [
    ['bare', '100', '200', '400', ''],
    ['warren', '100', '150', '600', ''],
    ['warren / bare', '0.50', '1.50', '1.50', '≥ 1 met'],
    ['warren / bare', '0.50', '1.50', '1.50', '≤ 2 met'],
  ])
  assert.deepEqual(rowsOf(memory), [['warren', '20.0', '25.0', '30.0', '< 25 missed']])
})

test('medians are told by name: of the ratios of the rounds, not the ratio of the medians', () => {
  assert.deepEqual(mediansOf([sending, memory]), { out_ratio: 1.5, out_loose: 1.5, idle_private_mb: 25 })
})

test('the table lines up its columns', () => {
  const lines = tableOf([memory]).split('\n')
  assert.equal(lines.length, 3)
  assert.equal(lines[0]?.indexOf('max'), (lines[2]?.indexOf('30.0') ?? 0) + 1)
})

test('the page names where and how it was measured, and holds every figure', () => {
  const page = pageOf([{ figures: [sending, memory], remarks: ['A note.'] }], {
    at: new Date('2026-01-02T03:04:05Z'),
    command: 'npm run bench',
    machine: [['Processor', 'a chip, 2 cores']],
    mongo: 'mongod',
    redis: 'valkey',
    remarks: ['A remark.'],
  })
  for (const part of [
    '2026-01-02',
    '| Processor | a chip, 2 cores |',
    '| MongoDB | mongod |',
    '## Sending',
    '| warren / bare | 0.50 | 1.50 | 1.50 | ≥ 1 met |',
    'A note.',
    '* A remark.',
  ])
    assert.ok(page.includes(part), part)
})
