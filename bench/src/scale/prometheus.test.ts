import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bucketsOf, quantileOf, samplesOf, sumOf } from './prometheus.ts'

const TEXT = `# HELP requests_total Answers
# TYPE requests_total counter
requests_total{code="200",method="GET"} 7
requests_total{code="201",method="POST",path="/a b"} 3.5e+01
requests_total_other{code="200"} 9
up 1
took_bucket{le="0.1",controller="a"} 50
took_bucket{le="1",controller="a"} 90
took_bucket{le="+Inf",controller="a"} 100
took_bucket{le="0.1",controller="b"} 50
took_bucket{le="1",controller="b"} 90
took_bucket{le="+Inf",controller="b"} 100
`

test('samples are found by their name and summed by their labels', () => {
  const samples = samplesOf(TEXT, ['requests_total', 'up'])
  assert.equal(samples.length, 3)
  assert.equal(
    sumOf(samples, ({ labels }) => labels.method === 'POST'),
    35,
  )
  assert.equal(sumOf(samplesOf(TEXT, ['up'])), 1)
})

test('a quantile lies within its bucket, and never beyond the last bound that is known', () => {
  const buckets = bucketsOf(samplesOf(TEXT, ['took_bucket']))
  assert.deepEqual(
    buckets.map(({ count }) => count),
    [100, 180, 200],
  )
  assert.equal(quantileOf(buckets, 0.25), 0.05)
  assert.equal(quantileOf(buckets, 0.9), 1)
  assert.equal(quantileOf(buckets, 0.99), 1)
  assert.equal(quantileOf([], 0.5), Number.NaN)
})
