import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError, loadConfig } from '@warren/runtime/config'
import { masterKeysOf, operatorConfigSchema } from './config.ts'

const NEEDED = {
  MONGODB_URI: 'mongodb://db/',
  REDIS_URL: 'redis://cache',
  WARREN_MASTER_KEY: Buffer.alloc(32).toString('base64'),
  WARREN_SESSION_TEMPLATE_FILE: '/template.json',
}

test('a lease that nobody could hold is refused: its times are each shorter than the one before', () => {
  const load = (times: Record<string, string>) => loadConfig(operatorConfigSchema, { ...NEEDED, ...times })
  const { LEASE_SECONDS, LEASE_RENEW_SECONDS, LEASE_RETRY_SECONDS } = load({})
  assert.deepEqual([LEASE_SECONDS, LEASE_RENEW_SECONDS, LEASE_RETRY_SECONDS], [15, 10, 2])
  load({ LEASE_SECONDS: '60', LEASE_RENEW_SECONDS: '40', LEASE_RETRY_SECONDS: '10' })
  for (const [times, named] of [
    [{ LEASE_RENEW_SECONDS: '15' }, 'LEASE_RENEW_SECONDS'],
    [{ LEASE_RETRY_SECONDS: '10' }, 'LEASE_RETRY_SECONDS'],
  ] as const)
    assert.throws(
      () => load(times),
      (error) => error instanceof ConfigError && error.message.includes(named),
    )
})

test('several master keys are read in their order, and two of one id are refused', () => {
  const key = (fill: number) => Buffer.alloc(32, fill).toString('base64')
  const load = (keys: string) => loadConfig(operatorConfigSchema, { ...NEEDED, WARREN_MASTER_KEY: keys })
  const { masterKey, previousMasterKeys } = masterKeysOf(load(`3:${key(3)},2:${key(2)},${key(1)}`))
  assert.deepEqual(
    [masterKey, ...previousMasterKeys].map(({ id, bytes }) => [id, bytes[0]]),
    [
      [3, 3],
      [2, 2],
      [1, 1],
    ],
  )
  assert.throws(() => load(`${key(1)},1:${key(2)}`), ConfigError)
})
