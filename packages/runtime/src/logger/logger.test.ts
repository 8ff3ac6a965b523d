import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, test } from 'node:test'
import { systemClock } from '../clock/index.ts'
import { createWinstonLogger } from '../winston/index.ts'
import { createJsonLogger } from './json-logger.ts'
import type { Logger, LogLevel } from './logger.ts'
import { createMemoryLogger, type LogLine } from './memory-logger.ts'
import { redact } from './redact.ts'

type Made = { logger: Logger; lines: () => LogLine[] }

/** What every logger promises, whatever stands behind it. */
function conformance(name: string, make: (level: LogLevel) => Made) {
  describe(`${name} as a Logger`, () => {
    test('writes level, message, time and fields; child bindings are overridden by fields', () => {
      const { logger, lines } = make('debug')
      const child = logger.child({ instance: 'sales', attempt: 1 }).child({ pod: 'p' })
      child.info('connected', { attempt: 2 })
      const { time, ...line } = lines()[0] as LogLine
      assert.deepEqual(line, { level: 'info', message: 'connected', instance: 'sales', attempt: 2, pod: 'p' })
      assert.ok(!Number.isNaN(Date.parse(time)))
    })

    test('drops what is below the level', () => {
      const { logger, lines } = make('info')
      logger.debug('too small')
      logger.http('GET /')
      logger.warn('seen')
      assert.deepEqual(
        lines().map((line) => line.message),
        ['seen'],
      )
    })

    test('never writes a secret, nor an unhandled shape', () => {
      const { logger, lines } = make('debug')
      const cyclic: Record<string, unknown> = { password: 'hunter2' }
      cyclic.self = cyclic
      const error = Object.assign(new Error('connect mongodb://warren:hunter2@db:27017 failed'), {
        code: 'ECONNREFUSED',
        cause: new Error('inner'),
      })
      logger.child({ apiKey: 'hunter2' }).error('failed redis://:hunter2@cache', { cyclic, error, big: 1n })
      const [line] = lines()
      const text = JSON.stringify(line)
      assert.ok(!text.includes('hunter2'), text)
      assert.ok(text.includes('ECONNREFUSED') && text.includes('inner') && text.includes('[circular]'))
    })
  })
}

function collecting(make: (stream: PassThrough) => Logger): Made {
  const stream = new PassThrough()
  const logger = make(stream)
  const lines = () =>
    String(stream.read() ?? '')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  return { logger, lines }
}

conformance('JSON logger', (level) =>
  collecting((sink) => createJsonLogger({ level, sink, clock: systemClock })),
)
conformance('winston logger', (level) =>
  collecting((stream) => createWinstonLogger({ level, format: 'json', stream })),
)

test('the memory logger keeps the lines of its children too', () => {
  const logger = createMemoryLogger()
  logger.child({ a: 1 }).warn('careful')
  assert.equal(logger.lines[0]?.message, 'careful')
  assert.equal(logger.lines[0]?.a, 1)
})

test('the pretty format is one readable line', () => {
  const stream = new PassThrough()
  createWinstonLogger({ level: 'info', format: 'pretty', stream }).info('listening', { port: 80 })
  assert.match(String(stream.read()), /^\d\d:\d\d:\d\d\.\d{3} .*info.* listening .*\{"port":80\}/)
})

test('redaction knows secret names in any spelling and leaves the codes of errors', () => {
  const secret = [
    'password',
    'API_KEY',
    'x-api-key',
    'accessToken',
    'Authorization',
    'qr',
    'pairingCode',
    'creds',
  ]
  for (const key of secret) assert.deepEqual(redact({ [key]: 'v' }), { [key]: '[redacted]' }, key)
  for (const code of ['ENOENT', 'no-responder', 'conflict', 'ERR_ASSERTION', 401])
    assert.deepEqual(redact({ code }), { code })
  assert.deepEqual(redact({ code: 'ECDEFGHJ' }), { code: '[redacted]' })
  assert.deepEqual(redact({ code: '123456' }), { code: '[redacted]' })
  assert.deepEqual(redact({ key: Buffer.alloc(32) }), { key: '[32 bytes]' })
  assert.deepEqual(redact(new Map([['token', 'x']])), { token: '[redacted]' })
  const hostile = Object.defineProperty({}, 'boom', {
    enumerable: true,
    get() {
      throw new Error('no')
    },
  })
  assert.equal(redact(hostile), '[unreadable]')
})
