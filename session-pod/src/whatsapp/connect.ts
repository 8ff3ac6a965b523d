/** One connection to WhatsApp: a Baileys socket with our store under it, our barrier behind it and our ears before it. */
import type { Clock, Timer } from '@warren/runtime/clock'
import type { Logger } from '@warren/runtime/logger'
import type { Ending } from '../session/disconnects.ts'
import type { Groups } from '../store/groups.ts'
import {
  type AuthenticationCreds,
  type BinaryNode,
  DEFAULT_CONNECTION_CONFIG,
  makeSocket,
  type proto,
  proto as protocol,
  type Socket,
  type WAVersion,
} from './baileys.ts'
import type { Barrier, RawSocket } from './barrier.ts'
import { endingOf } from './ending.ts'
import type { KeyStores, OwnIds } from './key-store.ts'
import { linkedPhone, pairRefusal, qrLifetimeMs, renewSecret, withSecret } from './pairing.ts'
import { baileysLogger } from './quiet.ts'
import { signalRepositoryFactory } from './repository.ts'
import { SWALLOW, tapStanzas } from './tap.ts'
import type { Traffic } from './traffic.ts'
import { boundClose, createWatchdog } from './watchdog.ts'

export type ConnectionEvents = {
  qr(qr: string, expiresAt: Date): void
  /** The credentials changed; before this returns nothing of what Baileys sends next has left. */
  credentials(creds: AuthenticationCreds): void
  wrongNumber(linked: string): void
  opened(): void
  /** What WhatsApp had kept for us was delivered, and the receipts that it had kept are in. */
  ready(): void
  ended(ending: Ending): void
  presence(stanza: BinaryNode): void
  frame(): void
}

export type ConnectOptions = {
  readonly creds: AuthenticationCreds
  readonly keys: KeyStores
  readonly groups: Groups
  readonly own: OwnIds
  readonly barrier: Barrier
  readonly traffic: Traffic
  readonly getMessage: (id: string) => Promise<proto.IMessage | undefined>
  readonly clock: Clock
  readonly logger: Logger
  /** Where to connect instead of WhatsApp: the simulator. */
  readonly url?: string
  /** Instead of the client version that Baileys brings. */
  readonly version?: WAVersion
  /** Only this number may be linked. */
  readonly onlyPhone?: string
  readonly events: ConnectionEvents
}

export type Connection = {
  readonly socket: Socket
  /** Resolves when the connection has ended. */
  readonly ended: Promise<Ending>
  /** Logged in, and the socket takes frames. */
  isOpen(): boolean
  /** Ends it; resolves when it has ended. */
  close(): Promise<void>
}

/** Stable identity of the linked device; some accounts refuse unusual names when they pair by code. */
const BROWSER: [string, string, string] = ['Ubuntu', 'Chrome', '22.04.4']
/** From the start of a connection to its first sign of life: QR, login or end. Baileys reports nothing for an HTTP error on the upgrade. */
const SILENCE_MS = 30_000
/** Receipts that WhatsApp had kept arrive within this after the end of the offline messages. */
const SETTLE_MS = 250
/** Some servers never tell the end of the offline messages. */
const OFFLINE_MAX_MS = 10_000
const CLOSE_MS = 1_000

export function connect(options: ConnectOptions): Connection {
  const { creds, clock, events, barrier } = options
  const ended = Promise.withResolvers<Ending>()
  const socket = makeSocket(socketConfig(options))
  let phase: 'connecting' | 'alive' | 'open' | 'ended' = 'connecting'
  let qrs = 0
  let currentQr: string | undefined
  let paired = false
  let offlineOver = false
  let readyTimer: Timer | undefined
  const silence = clock.setTimer(SILENCE_MS, () => {
    if (phase === 'connecting') fail(new Error('no answer from WhatsApp'))
  })

  const watchdog = createWatchdog(clock, () => fail(new Error('WhatsApp has fallen silent')))

  // Private in Baileys' types; made by the call above.
  const { socket: raw } = socket.ws as unknown as { socket: RawSocket & Parameters<typeof boundClose>[0] }
  boundClose(raw, clock, CLOSE_MS)
  // Looked up at each call by every layer but the upload of pre-keys.
  socket.authState.keys = options.keys.passThrough
  barrier.attach(raw)
  readInOrder(socket, fail)
  tapStanzas(socket.ws as never, listeners(), (error) =>
    options.logger.error('a stanza could not be read', { error }),
  )
  socket.ws.on('unexpected-response', (_request: unknown, response: { statusCode?: number }) =>
    fail(new Error(`HTTP ${response.statusCode} instead of a WebSocket`)),
  )
  socket.ev.on('creds.update', () => events.credentials(creds))
  socket.ev.on('connection.update', ({ connection, qr, isNewLogin, lastDisconnect }) => {
    if (phase === 'ended') return
    if (connection === 'close') return finish(endingOf(lastDisconnect?.error))
    // Baileys goes on counting QRs after the phone has linked.
    if (isNewLogin) paired = true
    if (qr && !paired) showQr(qr)
    if (connection === 'open') opened()
  })

  function listeners(): Record<string, (stanza: BinaryNode) => unknown> {
    return {
      ...options.traffic.listeners,
      frame() {
        watchdog.heard()
        events.frame()
      },
      'CB:presence': (stanza) => events.presence(stanza),
      'CB:chatstate': (stanza) => events.presence(stanza),
      'CB:ib,,offline': endOfOffline,
      'CB:iq,,pair-success': refuseOthers,
      'CB:notification,type:companion_reg_refresh': () => {
        if (paired) return
        renewSecret(creds)
        if (currentQr) events.qr(withSecret(currentQr, creds.advSecretKey), expiry(qrs - 1))
      },
    }
  }

  function refuseOthers(pairSuccess: BinaryNode): unknown {
    const linked = linkedPhone(pairSuccess)
    if (!options.onlyPhone || linked === options.onlyPhone) return
    socket
      .sendNode(pairRefusal(pairSuccess))
      .catch(() => {})
      .finally(() => events.wrongNumber(linked ?? 'unknown'))
    return SWALLOW
  }

  const expiry = (index: number) => new Date(clock.now().getTime() + qrLifetimeMs(index))

  function showQr(qr: string): void {
    phase = 'alive'
    currentQr = qr
    qrs += 1
    events.qr(withSecret(qr, creds.advSecretKey), expiry(qrs - 1))
  }

  function opened(): void {
    phase = 'open'
    events.opened()
    readyAfter(offlineOver ? SETTLE_MS : OFFLINE_MAX_MS)
  }

  function endOfOffline(): void {
    offlineOver = true
    if (phase === 'open') readyAfter(SETTLE_MS)
  }

  function readyAfter(ms: number): void {
    readyTimer?.stop()
    readyTimer = clock.setTimer(ms, () => events.ready())
  }

  function fail(error: unknown): void {
    if (phase === 'ended') return
    raw.terminate()
    void socket.end(error instanceof Error ? error : new Error(String(error)))
    finish(endingOf(error))
  }

  function finish(ending: Ending): void {
    if (phase === 'ended') return
    phase = 'ended'
    silence.stop()
    watchdog.stop()
    readyTimer?.stop()
    barrier.detach()
    ended.resolve(ending)
    events.ended(ending)
  }

  return {
    socket,
    ended: ended.promise,
    isOpen: () => phase === 'open' && raw.readyState === 1,
    async close() {
      if (phase === 'ended') return
      const timer = clock.setTimer(CLOSE_MS, () => fail(new Error('closed')))
      void socket.end(new Error('closed'))
      await ended.promise
      timer.stop()
    },
  }
}

/**
 * Baileys decodes each WebSocket message asynchronously and lets a failure go unhandled: messages are decoded one after the other here,
 * and one that does not decrypt ends the connection.
 */
function readInOrder(socket: Socket, fail: (error: unknown) => void): void {
  const [read] = socket.ws.listeners('message') as ((data: unknown) => Promise<void>)[]
  if (!read) throw new Error('Baileys does not listen to its socket: is this another version?')
  let tail = Promise.resolve()
  socket.ws.removeAllListeners('message')
  socket.ws.on('message', (data: unknown) => {
    tail = tail.then(() => read(data)).catch(fail)
  })
}

function socketConfig(options: ConnectOptions) {
  const { creds, keys, groups, own, traffic, logger, url, version, getMessage, clock } = options
  const { HistorySyncType } = protocol.HistorySync
  return {
    ...DEFAULT_CONNECTION_CONFIG,
    ...(url ? { waWebSocketUrl: url } : {}),
    ...(version ? { version } : {}),
    auth: { creds, keys: keys.passThrough },
    logger: baileysLogger(logger),
    browser: BROWSER,
    // A companion that is online takes the notifications away from the phone.
    markOnlineOnConnect: false,
    syncFullHistory: false,
    // The first history holds the addresses of known contacts; the rest of it is decoded whole, in memory, while nothing else is read.
    shouldSyncHistoryMessage: ({ syncType }: { syncType?: number | null }) =>
      syncType === HistorySyncType.INITIAL_BOOTSTRAP,
    emitOwnEvents: false,
    generateHighQualityLinkPreview: false,
    defaultQueryTimeoutMs: 30_000,
    getMessage: ({ id }: { id?: string | null }) => (id ? getMessage(id) : Promise.resolve(undefined)),
    makeSignalRepository: signalRepositoryFactory({
      groups,
      keys,
      own,
      listener: traffic,
      stanzaId: traffic.stanzaId,
      now: clock.now,
    }),
  }
}
