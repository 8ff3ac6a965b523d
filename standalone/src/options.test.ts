import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readOptions, StartError } from './options.ts'

test('defaults are the demonstration on port 8080', () => {
  assert.deepEqual(readOptions([]), {
    mode: 'demo',
    host: '127.0.0.1',
    port: 8080,
    dataDir: '.warren',
    printConfig: false,
  })
})

test('the real WhatsApp has a folder of its own', () => {
  const options = readOptions(['--real', '--port', '0'])
  assert.deepEqual(options, {
    mode: 'real',
    host: '127.0.0.1',
    port: 0,
    dataDir: '.warren-real',
    printConfig: false,
  })
  assert.equal(readOptions(['--help']), 'help')
})

test('another address than this machine alone is asked for by name', () => {
  const options = readOptions(['--host', '0.0.0.0'])
  assert.equal(typeof options === 'object' && options.host, '0.0.0.0')
})

test('what cannot be understood is one sentence with the way out', () => {
  const rows: [string[], RegExp][] = [
    [['--port', 'http'], /^--port takes a number from 0 to 65535, not http\.$/],
    [['--demo'], /^Unknown option '--demo'.* Try: npm start -- --help$/],
    [['--real', '--no-demo'], /leave one of them out/],
  ]
  for (const [args, message] of rows)
    assert.throws(
      () => readOptions(args),
      (error) => error instanceof StartError && message.test(error.message),
      args.join(' '),
    )
})
