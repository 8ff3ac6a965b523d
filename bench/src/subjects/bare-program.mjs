// One unmodified Baileys socket with its keys in memory, as its own README would have it: what Warren is compared with. Plain
// JavaScript, so that neither its start nor its memory pays for a translation.
//
// From the environment: BENCH_TRUST (the simulator's trust as JSON), BENCH_STATE (where the credentials are; made by pairing when it
// does not exist), BENCH_STACK_TRACE_LIMIT (absent: Node's own). Over IPC: see bare.ts.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import tls from 'node:tls'
import makeWASocket, {
  BufferJSON,
  DEFAULT_CONNECTION_CONFIG,
  initAuthCreds,
  WA_CERT_DETAILS,
} from '@whiskeysockets/baileys'

const { BENCH_TRUST, BENCH_STATE, BENCH_STACK_TRACE_LIMIT } = process.env
if (BENCH_STACK_TRACE_LIMIT !== undefined) Error.stackTraceLimit = Number(BENCH_STACK_TRACE_LIMIT)

const trust = JSON.parse(BENCH_TRUST)
WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(trust.rootPublicKey, 'base64')
DEFAULT_CONNECTION_CONFIG.logger.level = 'silent'
// A session pod that talks to the simulator trusts it for media too; what that costs is paid on both sides.
tls.setDefaultCACertificates([...tls.getCACertificates('default'), trust.mediaCa])

const paired = existsSync(BENCH_STATE)
const kept = paired ? JSON.parse(readFileSync(BENCH_STATE, 'utf8'), BufferJSON.reviver) : {}
const creds = kept.creds ?? initAuthCreds()
const keys = new Map(kept.keys)
let received = []
let sock

const auth = {
  creds,
  keys: {
    get: async (type, ids) =>
      Object.fromEntries(
        ids.flatMap((id) => {
          const value = keys.get(`${type}/${id}`)
          return value === undefined ? [] : [[id, value]]
        }),
      ),
    set: async (data) => {
      for (const [type, values] of Object.entries(data)) {
        for (const [id, value] of Object.entries(values)) {
          if (value == null) keys.delete(`${type}/${id}`)
          else keys.set(`${type}/${id}`, value)
        }
      }
    },
  },
}

function connect() {
  sock = makeWASocket({ auth, waWebSocketUrl: trust.webSocketUrl })
  sock.ev.on('creds.update', (update) => Object.assign(creds, update))
  sock.ev.on('connection.update', ({ connection, qr, lastDisconnect }) => {
    if (qr) process.send({ op: 'qr', qr })
    if (connection === 'open') process.send({ op: 'open' })
    if (connection !== 'close') return
    const code = lastDisconnect?.error?.output?.statusCode
    // The restart after pairing; anything else is not foreseen here, and a bare socket would stay away.
    if (code === 515) connect()
    else process.send({ op: 'closed', code }, () => process.exit(1))
  })
  sock.ev.on('messages.upsert', ({ messages }) => {
    for (const { key, message } of messages) if (message && !key.fromMe) received.push(key.id)
  })
}

/** Chats side by side, within a chat one after the other. */
async function send(messages) {
  const chats = Map.groupBy(messages, ({ to }) => to)
  await Promise.all(
    [...chats.values()].map(async (chat) => {
      for (const { id, to, text } of chat) await sock.sendMessage(to, { text }, { messageId: id })
    }),
  )
}

const operations = {
  send: ({ messages }) => send(messages),
  received() {
    const ids = received
    received = []
    return ids
  },
  save: () => writeFileSync(BENCH_STATE, JSON.stringify({ creds, keys: [...keys] }, BufferJSON.replacer)),
}

process.on('message', async (request) => {
  try {
    process.send({ op: 'answer', to: request.n, value: (await operations[request.op](request)) ?? null })
  } catch (error) {
    process.send({ op: 'answer', to: request.n, error: String(error) })
  }
})
process.on('disconnect', () => process.exit(0))
connect()
