/**
 * The short form of `npm run chaos`: the same stack, faults and checks, but few of each and a short lease, with another seed each time.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { tempDir } from '@warren/runtime/testing'
import { failuresOf, figuresOf } from './report.ts'
import { runChaos } from './run.ts'
import { SCENARIOS } from './scenarios/index.ts'

/** These need half a minute each. */
const SLOW = ['whatsapp-half-open', 'mongo-half-open']
/** Other tests run beside this one: here it counts that a session comes back, the long form says how soon. */
const RECOVERY_LIMIT_S = 60

test('nothing is lost, doubled or disordered, whatever breaks', { timeout: 170_000 }, async (t) => {
  const seed = 1 + Math.floor(Math.random() * 999_999)
  t.diagnostic(`seed ${seed}`)
  const result = await runChaos({
    seed,
    messages: 300,
    faults: 12,
    sessions: 3,
    contacts: 2,
    width: 3,
    leaseSeconds: 5,
    longestOutageMs: 4_000,
    pauseMs: 2_000,
    only: SCENARIOS.map(({ name }) => name).filter((name) => !SLOW.includes(name)),
    longestMs: 50_000,
    settleMs: 60_000,
    folder: tempDir({ after }),
    env: { ...process.env, MONGODB_URI: undefined },
    onProgress: (line) => t.diagnostic(line),
  })
  t.diagnostic(JSON.stringify(figuresOf(result)))
  assert.deepEqual(failuresOf(result, RECOVERY_LIMIT_S), [])
  assert.ok(result.messages > 100 && result.faults.length > 0, 'something was tested')
})
