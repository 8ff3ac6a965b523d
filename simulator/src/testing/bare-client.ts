import './unref-long-timers.ts'
import {
  type BaileysEventMap,
  makeWASocket,
  type UserFacingSocketConfig,
  type WAMessage,
} from '@whiskeysockets/baileys'
import { createMemoryAuth, type MemoryAuth } from './memory-auth.ts'
import { waitFor } from './wait-for.ts'

type Update = BaileysEventMap['messages.update'][number]

/** An unmodified Baileys socket that remembers what it emitted. It does not reconnect by itself. */
export interface BareClient {
  sock: ReturnType<typeof makeWASocket>
  auth: MemoryAuth
  qrs: string[]
  messages: WAMessage[]
  /** `type` of the upsert each message came with, by id. */
  upsertTypes: Map<string, string>
  updates: Update[]
  presences: BaileysEventMap['presence.update'][]
  /** Status code of the close, once there was one; -1 without a code. */
  closeCode: number | undefined
  isOpen: boolean
  isNewLogin: boolean
  /** Highest status seen for an outgoing message: 2 server, 3 delivered, 4 read, 0 error. */
  statusOf(id: string): number | undefined
  open(ms?: number): Promise<void>
  closed(ms?: number): Promise<number>
  qr(after?: string): Promise<string>
  text(id: string, ms?: number): Promise<string>
  end(): Promise<void>
}

const noop = () => {}
const silent: Record<string, unknown> = {
  level: 'silent',
  trace: noop,
  debug: noop,
  info: noop,
  warn: noop,
  error: noop,
}
silent.child = () => silent

/** The text of a message in either of its two usual places. */
export const textOf = (message: WAMessage | undefined): string | undefined =>
  message?.message?.conversation ?? message?.message?.extendedTextMessage?.text ?? undefined

/** Connects with the given credentials, or as a new companion. `redirect` must have been called before. */
export const connectBare = (
  auth = createMemoryAuth(),
  config: Partial<UserFacingSocketConfig> = {},
): BareClient => {
  const sock = makeWASocket({
    auth: auth.state,
    logger: silent as never,
    retryRequestDelayMs: 10,
    ...config,
  })
  const client: BareClient = {
    sock,
    auth,
    qrs: [],
    messages: [],
    upsertTypes: new Map(),
    updates: [],
    presences: [],
    closeCode: undefined,
    isOpen: false,
    isNewLogin: false,
    statusOf(id) {
      const statuses = client.updates.flatMap(({ key, update }) =>
        key.id === id ? [update.status ?? -1] : [],
      )
      const upserted = client.messages.find(({ key }) => key.id === id)?.status
      return upserted == null && statuses.length === 0 ? undefined : Math.max(upserted ?? -1, ...statuses)
    },
    async open(ms) {
      await waitFor('open', () => client.isOpen || client.closeCode !== undefined, ms)
      if (!client.isOpen) throw new Error(`closed with ${client.closeCode} instead of opening`)
    },
    closed: (ms) => waitFor('close', () => client.closeCode, ms),
    qr: (after) => waitFor('a QR', () => (client.qrs.at(-1) === after ? undefined : client.qrs.at(-1))),
    text: (id, ms) =>
      waitFor(
        `text of ${id}`,
        () => textOf(client.messages.findLast(({ key, message }) => key.id === id && message)),
        ms,
      ),
    async end() {
      sock.ev.flush()
      await sock.end(undefined)
    },
  }
  sock.ev.on('creds.update', (update) => void Object.assign(auth.state.creds, update))
  sock.ev.on('connection.update', ({ connection, qr, lastDisconnect, isNewLogin }) => {
    if (qr) client.qrs.push(qr)
    if (isNewLogin) client.isNewLogin = true
    if (connection === 'open') client.isOpen = true
    if (connection === 'close') {
      const error = lastDisconnect?.error as { output?: { statusCode?: number } } | undefined
      client.closeCode = error?.output?.statusCode ?? -1
    }
  })
  sock.ev.on('messages.upsert', ({ messages, type }) => {
    client.messages.push(...messages)
    for (const { key } of messages) client.upsertTypes.set(key.id ?? '', type)
  })
  sock.ev.on('messages.update', (updates) => void client.updates.push(...updates))
  sock.ev.on('presence.update', (update) => void client.presences.push(update))
  return client
}
