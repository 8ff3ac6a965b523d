/** One connection to WhatsApp: a Baileys socket with our store under it, our barrier behind it and our ears before it. */
import type { PasskeyStep } from '@warren/contracts'
import type { Clock, Timer } from '@warren/runtime/clock'
import type { Logger } from '@warren/runtime/logger'
import type { Route } from '../proxy/index.ts'
import type { Ending } from '../session/disconnects.ts'
import type { Groups } from '../store/groups.ts'
import type { OwnIds } from './addresses.ts'
import {
  type AuthenticationCreds,
  type BinaryNode,
  DEFAULT_CONNECTION_CONFIG,
  makeSocket,
  type proto,
  type Socket,
  type WAVersion,
} from './baileys.ts'
import type { Barrier, RawSocket } from './barrier.ts'
import { endingOf } from './ending.ts'
import { createFanOut, type FanOut } from './fan-out.ts'
import { groupMetadata } from './group-metadata.ts'
import { handleMessagesInOrder, readFramesInOrder } from './in-order.ts'
import type { KeyStores } from './key-store.ts'
import { readNumberChange } from './number-change.ts'
import { BROWSER, linkedPhone, pairRefusal, qrText, refsOf, renewSecret } from './pairing.ts'
import {
  createPasskeyPairing,
  type PasskeyFailure,
  type PasskeyPairing,
  type PasskeyPairingOptions,
} from './passkey/index.ts'
import { createPinger } from './pinger.ts'
import { createQrRotation, type QrRotation } from './qr-rotation.ts'
import { baileysLogger } from './quiet.ts'
import { signalRepositoryFactory } from './repository.ts'
import { type RestrictionNews, watchRestrictions } from './restrictions.ts'
import { SWALLOW, tapStanzas } from './tap.ts'
import type { Traffic } from './traffic.ts'
import { boundClose, createWatchdog } from './watchdog.ts'

export type ConnectionEvents = {
  qr(qr: string, expiresAt: Date): void
  /** WhatsApp asks for a passkey, or the step moved on. */
  passkey(step: PasskeyStep): void
  passkeyFailed(failure: PasskeyFailure): void
  /** The credentials changed; before this returns nothing of what Baileys sends next has left. */
  credentials(creds: AuthenticationCreds): void
  wrongNumber(linked: string): void
  opened(): void
  /** What WhatsApp had kept for us was delivered, and the receipts that it had kept are in. */
  ready(): void
  ended(ending: Ending): void
  presence(stanza: BinaryNode): void
  restriction(news: RestrictionNews): void
  frame(): void
  /** WhatsApp accepted the login. @param serverSeconds its time, since 1970 */
  loggedIn(serverSeconds: number): void
  /** Something came in that nobody had asked for. */
  stanza(stanza: BinaryNode): void
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
  /** The way there, when it must not be the direct one. */
  readonly route?: Route
  /** Where to connect instead of WhatsApp: the simulator. */
  readonly url?: string
  /** Instead of the client version that Baileys brings. */
  readonly version?: WAVersion
  /** Only this number may be linked. */
  readonly onlyPhone?: string
  /** Whether a person compares codes although the QR was scanned a moment ago. */
  readonly confirmPasskey: PasskeyPairingOptions['confirm']
  /** A message went out without a device that it could not be encrypted for. */
  readonly onSkippedDevice: () => void
  readonly events: ConnectionEvents
}

export type Connection = {
  readonly socket: Socket
  /** Whom messages of this connection were encrypted for. */
  readonly fanOut: FanOut
  readonly passkey: PasskeyPairing
  /** Resolves when the connection has ended. */
  readonly ended: Promise<Ending>
  /** Logged in, and the socket takes frames. */
  isOpen(): boolean
  /** When it opened, on the monotonic clock. */
  openedMs(): number | undefined
  /** When the work on the received message began that is under way, on the monotonic clock. */
  handlingSinceMs(): number | undefined
  /** Round trip of the last ping, in milliseconds. */
  pingMs(): number | undefined
  /** Ends it; resolves when it has ended. */
  close(): Promise<void>
}

/** Baileys would ping by itself, but tells nothing of the answer. */
const NEVER_MS = 24 * 3600_000
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
  const fanOut = createFanOut()
  const socket: Socket = makeSocket(socketConfig(options, fanOut, () => socket))
  let phase: 'connecting' | 'alive' | 'open' | 'ended' = 'connecting'
  let rotation: QrRotation | undefined
  let paired = false
  let offlineOver = false
  let readyTimer: Timer | undefined
  let openedMs: number | undefined
  const silence = clock.setTimer(SILENCE_MS, () => {
    if (phase === 'connecting') fail(new Error('no answer from WhatsApp'))
  })

  const passkey = createPasskeyPairing({
    creds,
    query: (iq) => socket.query(iq),
    confirm: options.confirmPasskey,
    onBegin: () => rotation?.stop(),
    clock,
    logger: options.logger,
    onStep: events.passkey,
    onFailure: events.passkeyFailed,
  })
  const pinger = createPinger(socket, clock)
  const watchdog = createWatchdog(clock, () => fail(new Error('WhatsApp has fallen silent')))

  // Private in Baileys' types; made by the call above.
  const { socket: raw } = socket.ws as unknown as { socket: RawSocket & Parameters<typeof boundClose>[0] }
  boundClose(raw, clock, CLOSE_MS)
  // Looked up at each call by every layer but the upload of pre-keys.
  socket.authState.keys = options.keys.passThrough
  barrier.attach(raw)
  readFramesInOrder(socket, fail)
  const handling = handleMessagesInOrder(socket, () => phase === 'ended', clock)
  tapStanzas(socket.ws as never, listeners(), (error) =>
    options.logger.error('a stanza could not be read', { error }),
  )
  socket.ws.on('unexpected-response', (_request: unknown, response: { statusCode?: number }) =>
    fail(new Error(`HTTP ${response.statusCode} instead of a WebSocket`)),
  )
  watchRestrictions(socket, clock.now, events.restriction)
  socket.ev.on('creds.update', () => events.credentials(creds))
  socket.ev.on('connection.update', ({ connection, isNewLogin, lastDisconnect }) => {
    if (phase === 'ended') return
    if (connection === 'close') return finish(endingOf(lastDisconnect?.error))
    if (isNewLogin) {
      paired = true
      rotation?.stop()
      passkey.paired()
    }
    if (connection === 'open') opened()
  })

  function listeners(): Record<string, (stanza: BinaryNode) => unknown> {
    const { traffic } = options
    const heard = (then: (stanza: BinaryNode) => unknown) => (stanza: BinaryNode) => {
      events.stanza(stanza)
      return then(stanza)
    }
    return {
      ...traffic.listeners,
      'CB:message': heard(traffic.listeners['CB:message']),
      'CB:receipt': heard(traffic.listeners['CB:receipt']),
      'CB:notification': events.stanza,
      'CB:call': events.stanza,
      'CB:success': ({ attrs }) => {
        // What follows may take longer than silence is borne: on a busy machine, making the first pre-keys and storing them.
        if (phase === 'connecting') phase = 'alive'
        events.loggedIn(Number(attrs.t))
      },
      frame() {
        watchdog.heard()
        // From the handshake on: between login and the first pre-keys a slow database may let half a minute pass without another frame.
        pinger.start()
        events.frame()
      },
      'CB:presence': heard(events.presence),
      'CB:chatstate': heard(events.presence),
      'CB:notification,type:contacts': learnNumber,
      'CB:ib,,offline': endOfOffline,
      'CB:iq,type:set,pair-device': offer,
      'CB:iq,,pair-success': refuseOthers,
      'CB:notification,type:companion_reg_refresh': () => {
        // With a passkey the secret is a new one already, and no QR is shown.
        if (paired || passkey.underWay()) return
        renewSecret(creds)
        rotation?.redraw()
      },
      ...passkey.listeners,
    }
  }

  /** Not awaited: should it be lost in a crash, the contact's next message tells it again. */
  function learnNumber(stanza: BinaryNode): void {
    const pair = readNumberChange(stanza)
    if (!pair) return
    socket.signalRepository.lidMapping
      .storeLIDPNMappings([pair])
      .catch((error: unknown) => options.logger.warn('a number was not learnt', { error }))
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

  /** WhatsApp offers to link a phone. */
  function offer(stanza: BinaryNode): unknown {
    const { id = '' } = stanza.attrs
    socket.sendNode({ tag: 'iq', attrs: { to: '@s.whatsapp.net', type: 'result', id } }).catch(() => {})
    phase = 'alive'
    rotation?.stop()
    rotation = createQrRotation({
      refs: refsOf(stanza),
      draw: (ref) => qrText(ref, creds),
      clock,
      onQr: events.qr,
      onUsedUp: () => fail(new QrsUsedUp()),
    })
    return SWALLOW
  }

  function opened(): void {
    phase = 'open'
    openedMs = clock.monotonicMs()
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
    pinger.stop()
    readyTimer?.stop()
    rotation?.stop()
    passkey.stop()
    barrier.detach()
    ended.resolve(ending)
    events.ended(ending)
  }

  return {
    socket,
    fanOut,
    passkey,
    ended: ended.promise,
    isOpen: () => phase === 'open' && raw.readyState === 1,
    openedMs: () => (phase === 'open' ? openedMs : undefined),
    handlingSinceMs: handling.sinceMs,
    pingMs: pinger.roundTripMs,
    async close() {
      if (phase === 'ended') return
      const timer = clock.setTimer(CLOSE_MS, () => fail(new Error('closed')))
      void socket.end(new Error('closed'))
      await ended.promise
      timer.stop()
    },
  }
}

/** As Baileys would end a connection whose QRs were all shown. */
class QrsUsedUp extends Error {
  readonly output = { statusCode: 408 }

  constructor() {
    super('QR refs attempts ended')
  }
}

/** Whom the socket is for. */
export const targetOf = (url: string | undefined): URL =>
  new URL(url ?? String(DEFAULT_CONNECTION_CONFIG.waWebSocketUrl))

/** @param socket the one that is made of this; nothing asks for it before it is */
function socketConfig(options: ConnectOptions, fanOut: FanOut, socket: () => Socket) {
  const { creds, keys, groups, own, traffic, logger, url, version, getMessage, clock, route } = options
  return {
    ...DEFAULT_CONNECTION_CONFIG,
    ...(url ? { waWebSocketUrl: url } : {}),
    ...(version ? { version } : {}),
    ...(route ? { agent: route.to(targetOf(url)) as never, fetchAgent: route.secure as never } : {}),
    auth: { creds, keys: keys.passThrough },
    logger: baileysLogger(logger),
    browser: BROWSER,
    // A companion that is online takes the notifications away from the phone.
    markOnlineOnConnect: false,
    syncFullHistory: false,
    // Taken in behind the messages, and again after a crash (see history.ts).
    shouldSyncHistoryMessage: () => false,
    emitOwnEvents: false,
    generateHighQualityLinkPreview: false,
    keepAliveIntervalMs: NEVER_MS,
    defaultQueryTimeoutMs: 30_000,
    getMessage: ({ id }: { id?: string | null }) => (id ? getMessage(id) : Promise.resolve(undefined)),
    makeSignalRepository: signalRepositoryFactory({
      groups,
      keys,
      own,
      listener: traffic,
      stanzaId: traffic.stanzaId,
      now: clock.now,
      renewSession: (jid) => socket().assertSessions([jid], true),
      onEncrypted: fanOut.encrypted,
      onSkipped(jid, error) {
        logger.warn('a message goes out without a device that it could not be encrypted for', { jid, error })
        options.onSkippedDevice()
      },
    }),
    // Not kept: who is in a group decides who can read. Here because what WhatsApp says about the group is known nowhere else.
    cachedGroupMetadata: (jid: string) => groupMetadata(socket(), jid),
  }
}
