import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COMMANDS } from '../commands/index.ts'
import { CliError, EXIT } from '../errors.ts'
import { durationMs } from './duration.ts'
import { commandHelp, programHelp } from './help.ts'
import { parseLine } from './parse.ts'

const read = (line: string) => parseLine(line.split(' ').filter(Boolean), COMMANDS)

const understood: [line: string, command: string, operands: object, values: object][] = [
  ['list', 'list', { NAME: '' }, {}],
  ['get alice -o yaml', 'list', { NAME: 'alice' }, { output: 'yaml' }],
  ['-n team-a qr alice', 'qr', { NAME: 'alice' }, { namespace: 'team-a', timeout: '5m' }],
  ['--namespace=team-a qr alice', 'qr', { NAME: 'alice' }, { namespace: 'team-a', timeout: '5m' }],
  ['qr --timeout 1m alice', 'qr', { NAME: 'alice' }, { timeout: '1m' }],
  ['logs alice -fp --tail 5', 'logs', { NAME: 'alice' }, { follow: true, previous: true, tail: '5' }],
  [
    'send a 49170 hi --wait read',
    'send',
    { NAME: 'a', TO: '49170', TEXT: 'hi' },
    { wait: 'read', timeout: '30s' },
  ],
  // After two dashes nothing is a flag: texts may begin with one.
  [
    'send a 49170 -- --hi',
    'send',
    { NAME: 'a', TO: '49170', TEXT: '--hi' },
    { wait: 'sent', timeout: '30s' },
  ],
]
for (const [line, command, operands, values] of understood) {
  test(`understands ${line}`, () => {
    const parsed = read(line)
    assert.ok('command' in parsed)
    assert.deepEqual(
      [parsed.command.name, parsed.operands, { ...parsed.values }],
      [command, operands, values],
    )
  })
}

const refused: [line: string, message: RegExp, hint: RegExp][] = [
  ['-n team-a', /^There is no command\.$/, /--help/],
  ['stauts alice', /^There is no command stauts\.$/, /^Did you mean status\?$/],
  ['frobnicate', /^There is no command frobnicate\.$/, /--help/],
  ['qr', /^qr needs NAME\.$/, /^Try: qr --help$/],
  ['send alice 49170', /^send needs TEXT\.$/, /^Try: send --help$/],
  ['send alice 49170 hello you', /does not know what to do with you/, /quotes/],
  ['list --color', /^Unknown option '--color'\.$/, /^Try: list --help$/],
  ['list -o xml', /^--output is one of json, yaml, wide, not xml\.$/, /^$/],
  ['send a b c --wait never', /^--wait is one of queued, sent, delivered, read, not never\.$/, /^$/],
  ['version -n team-a', /^Unknown option '-n'/, /^Try: version --help$/],
]
for (const [line, message, hint] of refused) {
  test(`refuses ${line}`, () => {
    assert.throws(
      () => read(line),
      (error) =>
        error instanceof CliError &&
        error.exit === EXIT.usage &&
        message.test(error.message) &&
        hint.test(error.hint ?? ''),
    )
  })
}

test('help is asked for in every usual way', () => {
  for (const line of ['', 'help', '--help', '-h']) assert.deepEqual(read(line), { help: undefined })
  for (const line of ['help qr', 'qr --help', 'qr -h', 'qr alice --help']) {
    const parsed = read(line)
    assert.ok('help' in parsed)
    assert.equal(parsed.help?.name, 'qr')
  }
})

test('help fits into 80 columns and has an example of every command', () => {
  const pages = [
    programHelp(COMMANDS, 'kubectl wa'),
    ...COMMANDS.map((one) => commandHelp(one, 'kubectl wa')),
  ]
  const long = pages.flatMap((page) => page.split('\n')).filter((line) => line.length > 80)
  assert.deepEqual(long, [])
  for (const { name, examples } of COMMANDS) assert.ok(examples.length > 0, name)
})

test('names, aliases and short flags are each one thing', () => {
  const words = COMMANDS.flatMap(({ name, aliases = [] }) => [name, ...aliases])
  assert.equal(new Set(words).size, words.length)
})

test('durations', () => {
  const rows: [string, number][] = [
    ['500ms', 500],
    ['90s', 90_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
  ]
  for (const [text, ms] of rows) assert.equal(durationMs('timeout', text), ms)
  for (const text of ['', '5', '0s', '-1s', 'soon', '1d'])
    assert.throws(() => durationMs('timeout', text), /--timeout is a duration such as 30s or 5m/)
})
