import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Joi from 'joi'
import { tempDir } from '../testing/index.ts'
import { ConfigError, configTable, describeConfig, loadConfig } from './index.ts'

const schema = Joi.object<{ PORT: number; LOG_LEVEL: string; MONGODB_URI: string; SIGNING_KEY?: string }>({
  PORT: Joi.number().port().default(8080).description('Where REST is served.'),
  LOG_LEVEL: Joi.string().valid('info', 'debug').default('info').description('How much is logged.'),
  MONGODB_URI: Joi.string()
    .uri({ scheme: ['mongodb'] })
    .required()
    .meta({ secret: true }),
  SIGNING_KEY: Joi.string()
    .pattern(/^[a-f]+$/)
    .min(8)
    .meta({ secret: true }),
})

test('values are typed, defaults filled in, the rest of the environment left out, and the result frozen', () => {
  const config = loadConfig(schema, {
    PORT: '9000',
    LOG_LEVEL: '',
    MONGODB_URI: 'mongodb://db',
    HOME: '/root',
  })
  assert.deepEqual(config, { PORT: 9000, LOG_LEVEL: 'info', MONGODB_URI: 'mongodb://db' })
  assert.ok(Object.isFrozen(config))
})

test('all errors come at once, with names and limits and without secrets', () => {
  const load = () => loadConfig(schema, { PORT: '70000', LOG_LEVEL: 'loud', SIGNING_KEY: 'S3CR3T!' })
  assert.throws(load, (error) => {
    assert.ok(error instanceof ConfigError)
    assert.deepEqual(error.problems, [
      'PORT must be a valid port',
      'LOG_LEVEL must be one of [info, debug]',
      'MONGODB_URI is not set',
      'SIGNING_KEY must match /^[a-f]+$/',
      'SIGNING_KEY length must be at least 8 characters long',
    ])
    assert.ok(!error.message.includes('S3CR3T'))
    return true
  })
})

test('a secret may come from a file; a missing file and a double setting are errors', (t) => {
  const file = join(tempDir(t), 'uri')
  writeFileSync(file, 'mongodb://from-file\n')
  assert.equal(loadConfig(schema, { MONGODB_URI_FILE: file }).MONGODB_URI, 'mongodb://from-file')
  const problems = (env: Record<string, string>) => {
    try {
      loadConfig(schema, env)
    } catch (error) {
      return (error as ConfigError).problems
    }
    return []
  }
  assert.match(
    problems({ MONGODB_URI_FILE: `${file}.no` }).join(),
    /^MONGODB_URI_FILE cannot be read: ENOENT/,
  )
  assert.deepEqual(problems({ MONGODB_URI_FILE: file, MONGODB_URI: 'mongodb://db' }), [
    'MONGODB_URI and MONGODB_URI_FILE are both set; set one',
  ])
})

test('the description hides secrets that are set', () => {
  const config = loadConfig(schema, { MONGODB_URI: 'mongodb://user:pass@db' })
  assert.deepEqual(describeConfig(schema, config), {
    PORT: 8080,
    LOG_LEVEL: 'info',
    MONGODB_URI: '[redacted]',
  })
})

test('the table tells each variable with its limits', () => {
  assert.deepEqual(configTable(schema).split('\n').slice(2, 6), [
    '| `PORT` | number, port | `8080` | Where REST is served. |',
    '| `LOG_LEVEL` | `info`, `debug` | `info` | How much is logged. |',
    '| `MONGODB_URI` or `MONGODB_URI_FILE` | string, URI (mongodb) | required |  |',
    '| `SIGNING_KEY` or `SIGNING_KEY_FILE` | string, at least 8 | none |  |',
  ])
})
