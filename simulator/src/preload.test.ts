import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { createSimulator } from './index.ts'

/** A program that knows nothing of simulators: links, sends one text, and says what it is told. */
const PROGRAM = `
  import { initAuthCreds, makeWASocket } from '@whiskeysockets/baileys'
  const creds = initAuthCreds()
  const data = {}
  const keys = {
    get: async (type, ids) => Object.fromEntries(ids.flatMap((id) => data[type + id] ? [[id, data[type + id]]] : [])),
    set: async (all) => {
      for (const [type, values] of Object.entries(all))
        for (const [id, value] of Object.entries(values)) data[type + id] = value
    },
  }
  const noop = () => {}
  const logger = { level: 'silent', trace: noop, debug: noop, info: noop, warn: noop, error: noop, child: () => logger }
  const connect = () => {
    const sock = makeWASocket({ auth: { creds, keys }, logger })
    sock.ev.on('creds.update', (update) => Object.assign(creds, update))
    sock.ev.on('connection.update', async ({ qr, connection, lastDisconnect }) => {
      if (qr) console.log('QR ' + qr)
      if (connection === 'close') connect()
      if (connection === 'open') {
        await sock.sendMessage('491700000061@s.whatsapp.net', { image: Buffer.alloc(5000, 1), jpegThumbnail: '' })
        console.log('SENT')
      }
    })
  }
  connect()
`

test('the preload sends an unchanged program to the simulator, media included', async () => {
  const simulator = createSimulator()
  const { controlUrl } = await simulator.start()
  await simulator.phones.create({ number: '491700000060' })
  const preload = import.meta.resolve('./preload.ts')
  const program = spawn(process.execPath, ['--import', preload, '--input-type=module', '--eval', PROGRAM], {
    cwd: import.meta.dirname,
    env: { ...process.env, WARREN_SIMULATOR: controlUrl },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  for await (const chunk of program.stdout) {
    printed += chunk
    const qr = /^QR (.*)\n/m.exec(printed)?.[1]
    if (qr && !printed.includes('SENT')) await simulator.phones.scan('491700000060', qr).catch(() => {})
    if (printed.includes('SENT')) break
  }
  await simulator.drained()
  const [image] = (await simulator.ledger.read({ kind: 'image' })).entries
  assert.deepEqual([image?.media?.bytes, image?.media?.intact], [5000, true])
  const exited = once(program, 'exit')
  program.kill('SIGKILL')
  await exited
  await simulator.stop()
})

test('the preload refuses to run without a simulator', async () => {
  const program = spawn(process.execPath, ['--import', import.meta.resolve('./preload.ts'), '--eval', '0'], {
    env: { ...process.env, WARREN_SIMULATOR: '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaint = ''
  for await (const chunk of program.stderr) complaint += chunk
  assert.match(complaint, /WARREN_SIMULATOR/)
})
