import assert from 'node:assert/strict'
import { test } from 'node:test'
import { qrLines } from './qr.ts'
import { createTerminal } from './terminal.ts'

function printed(env: Record<string, string>, isTTY: boolean) {
  let text = ''
  const stream = {
    isTTY,
    write(more: string) {
      text += more
    },
  }
  return { terminal: createTerminal(stream, env), text: () => text }
}

test('without a terminal there are plain lines, one a fact', () => {
  const { terminal, text } = printed({}, false)
  const step = terminal.step('MongoDB')
  step.note('Installing …')
  step.done('mongod')
  terminal.warn('careful')
  assert.match(text(), /^ {4}Installing …\n {2}✔ MongoDB {6}mongod \d\.\d s\n {2}! careful\n$/)
})

test('at a terminal a step is shown while it runs; NO_COLOR takes the colours and nothing else', () => {
  const coloured = printed({}, true)
  coloured.terminal.step('MongoDB').done('mongod')
  assert.ok(coloured.text().includes('\u001b[32m✔'))
  const plain = printed({ NO_COLOR: '1' }, true)
  plain.terminal.step('MongoDB').done('mongod')
  assert.match(plain.text(), /^ {2}… MongoDB\r.{4} {2}✔ MongoDB {6}mongod \d\.\d s\n$/)
})

test('a QR is black on white where there are colours', async () => {
  const { terminal } = printed({}, true)
  const [line] = await qrLines('2@abc', terminal)
  assert.ok(line?.includes('\u001b[30m') && line.includes('\u001b[107m'), JSON.stringify(line))
  const lines = await qrLines('2@abc', printed({}, false).terminal)
  assert.ok(lines.every((plain) => !plain.includes('\u001b')))
})
