import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConfigError } from '@warren/runtime/config'
import { loadApiConfig } from './index.ts'

const required = {
  MONGODB_URI: 'mongodb://db',
  REDIS_URL: 'redis://cache',
  JWT_SECRET: 'a'.repeat(32),
}

function problems(env: Record<string, string>): readonly string[] {
  try {
    loadApiConfig(env)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.problems
  }
  return []
}

describe('API configuration', () => {
  it('has no default for anything secret and names all that is wrong at once', () => {
    const found = problems({ PORT: 'x', RATE_LIMIT_API: '5' }).join('\n')
    for (const name of ['MONGODB_URI', 'REDIS_URL', 'JWT_SECRET', 'PORT', 'RATE_LIMIT_API'])
      assert.match(found, new RegExp(name))
  })

  it('is safe by default', () => {
    const config = loadApiConfig(required)
    assert.deepEqual(
      [config.NODE_ENV, config.RATE_LIMIT, config.ALLOW_SIGNUP, config.BCRYPT_ROUNDS, config.CORS_ORIGINS],
      ['production', 'on', false, 12, ''],
    )
  })

  it('does not let the limits be off in production', () => {
    assert.match(
      problems({ ...required, RATE_LIMIT: 'off' }).join(),
      /RATE_LIMIT cannot be off in production/,
    )
    assert.deepEqual(problems({ ...required, RATE_LIMIT: 'off', NODE_ENV: 'development' }), [])
  })
})
