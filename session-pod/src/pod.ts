/** One session on its adapters: everything of a session pod but the process around it. */
import {
  CHANNELS,
  isWarrenError,
  type ProtectionSettings,
  parseJid,
  type SessionStatus,
  sessionKeyOf,
} from '@warren/contracts'
import type { Bus } from '@warren/runtime/bus'
import type { Clock } from '@warren/runtime/clock'
import type { SealingKey } from '@warren/runtime/crypto'
import type { Ids } from '@warren/runtime/ids'
import type { Logger } from '@warren/runtime/logger'
import type { SendQueue, SessionWriter, Takeover } from '@warren/runtime/session-store'
import { createCare } from './care.ts'
import { type CommandContext, runCommand, serveCommands } from './commands/index.ts'
import { type ControlTarget, createTextAcceptor } from './control/index.ts'
import { createKeeper } from './lease.ts'
import { createLive } from './live.ts'
import { createImageBuilder } from './media/build-image.ts'
import { createObjectStore } from './media/object-store.ts'
import { createPodMetrics, type PodMetrics } from './metrics.ts'
import { createProxies } from './proxy/index.ts'
import { createMessageBuilder } from './queue/build-message.ts'
import { createOutbox } from './queue/outbox.ts'
import { createQueueMarker } from './queue/queue-marker.ts'
import { createReceiving } from './receiving.ts'
import { createSending } from './sending.ts'
import type { PairingRequest, SessionEvent } from './session/model.ts'
import { createSession, type Session, storedRest } from './session/session.ts'
import { createSnapshots } from './snapshots/index.ts'
import { createStatusView } from './status-view.ts'
import { createStore, type Loaded } from './store/index.ts'
import { createTransfer } from './transfer/index.ts'
import {
  accountOf,
  type ConnectOptions,
  createAddressBook,
  createBarrier,
  createHandedOut,
  createKeyStores,
  createLink,
  createPairs,
  dailySnapshot,
  decodeProto,
  readPresence,
  snapshotOfCredentials,
  storedCredentials,
  storedFlaw,
  targetOf,
} from './whatsapp/index.ts'

export type PodOptions = {
  readonly writer: SessionWriter
  /** For messages that a person sends through the control listener. */
  readonly queue: Pick<SendQueue, 'enqueue'>
  readonly bus: Bus
  readonly takeover: Takeover
  /** When the lease was asked for, on the monotonic clock. */
  readonly heldSinceMs: number
  /** The first one seals; what was sealed with any of them opens. */
  readonly keys: readonly [SealingKey, ...SealingKey[]]
  readonly clock: Clock
  readonly ids: Ids
  readonly logger: Logger
  readonly random: () => number
  readonly randomBytes: (count: number) => Uint8Array
  readonly busy: () => boolean
  readonly leaseTtlMs: number
  /** Silence after which the connection is renewed to see whether WhatsApp kept something back, in milliseconds. */
  readonly quietMs: number
  readonly pairing: PairingRequest
  readonly protection: ProtectionSettings
  /** Only this number may be linked. */
  readonly onlyPhone?: string
  readonly maxAttempts: number
  /** Present when WhatsApp must be reached through proxies: their URLs as they are now, one a line. */
  readonly loadProxies?: () => Promise<string>
  /** Whether proxies may be in private networks. */
  readonly privateProxies: boolean
  readonly confirmPasskey: ConnectOptions['confirmPasskey']
  /** Where to connect instead of WhatsApp. */
  readonly url?: string
  readonly version?: [number, number, number]
  /** The lease is lost or a commit failed: nothing may leave any more, the process must end. */
  readonly onFatal: (error: unknown) => void
}

export type Pod = {
  readonly session: Session
  readonly metrics: PodMetrics
  /** Loads what is stored and begins. */
  start(): Promise<void>
  /** Takes no more sends, stores what is pending, says goodbye, releases the lease. */
  stop(): Promise<void>
  /** Cuts the connection at once: for the moment in which the lease is lost. */
  cut(): void
  /** Gives back what is kept only because it may be needed again soon. */
  forget(): void
  /** Undefined until what is stored is loaded. */
  control(): ControlTarget | undefined
}

/** How long sends under way may take when the process stops; what is not handed over by then is relayed by the next. */
const DRAIN_MS = 4_000
/** How long a goodbye may take. */
const GOODBYE_MS = 2_000

export function createPod(options: PodOptions): Pod {
  const { writer, bus, takeover, clock, ids, logger, onFatal } = options
  const { lease } = takeover

  /** What failed is tried again, unless a newer holder is why. */
  const unlessFenced = (message: string) => (error: unknown) => {
    if (isWarrenError(error, 'fenced')) onFatal(error)
    else logger.warn(message, { error })
  }

  const own = () => {
    const account = session.account()
    return { ...(account ? { pn: account.jid } : {}), ...(account?.lid ? { lid: account.lid } : {}) }
  }
  const proxies =
    options.loadProxies &&
    createProxies({
      load: options.loadProxies,
      target: targetOf(options.url),
      allowPrivate: options.privateProxies,
      clock,
      logger,
      onFailover: () => metrics.proxyFailover(),
    })

  const { state, groups, committer, archive, reseal, load, mend } = createStore({
    ...{ writer, takeover, keys: options.keys, clock, busy: options.busy, onFatal },
    onFoldError: unlessFenced('the log was not folded'),
    beforeReseal: (all) => snapshotOfCredentials(all, 'rotation', clock.now()),
    onResealed: () => keeper.report(),
    onCommit: (seconds) => metrics.commit(seconds),
  })
  const care = createCare({
    ...{ state, own, clock, logger },
    isLinked: () => session.account() !== undefined,
    link: () => link,
    sender: () => sender,
    metrics: () => metrics,
    quietMs: options.quietMs,
    onChange: () => keeper.report(),
    onHopeless: onFatal,
  })
  const metrics = createPodMetrics({
    connected: () => session.status().phase === 'connected',
    epoch: () => lease.epoch,
    ...care.gauges,
    proxyUp: () => proxies?.up(),
    sendsWaiting: () => protection.gate.count(),
    riskScore: () => protection.report().score,
    sendingPaused: () => protection.status()?.state === 'paused',
    oldSeals: () => reseal.progress()?.left ?? 0,
  })
  const outbox = createOutbox(state, clock)
  const addresses = createAddressBook(groups.get, () => own())
  const live = createLive({ bus, origin: lease, clock, ids })

  const barrier = createBarrier(state, committer)
  let durableSeq = takeover.seq
  const marker = createQueueMarker({
    now: state.mark,
    tell: (messageIds, to) => writer.markSends(lease, messageIds, to),
    onDone: outbox.forget,
    onError: unlessFenced('the send queue was not told'),
  })
  committer.onDurable((entries) => {
    durableSeq = entries.at(-1)?.seq ?? durableSeq
    live.journaled(entries)
    marker.onDurable(committer.durable())
    receiving.onDurable(entries)
  })

  const objects = createObjectStore({ bus, organization: lease.organization, instance: lease.instance })
  const secret = () => options.randomBytes(32)
  const { sender, protection, onAck, onReceived, onMessage } = createSending({
    settings: options.protection,
    ...{ state, groups, outbox, marker, addresses, own, clock, logger },
    random: options.random,
    pending: (after, limit) => writer.pendingSends(lease, after, limit),
    build: createMessageBuilder(createImageBuilder(objects, secret), secret),
    messenger: () => link.messenger(),
    onSent: metrics.messageOut,
    onAnswered: care.answered,
    onChange: () => keeper.report(),
  })

  const handedOut = createHandedOut(state, groups)
  const pairs = createPairs({
    groups,
    sessionIds: () => state.ids('session'),
    session: sessionKeyOf(lease),
    now: clock.now,
  })
  const keys = createKeyStores(groups, pairs, handedOut)
  const receiving = createReceiving({
    ...{ state, groups, addresses, own, objects, keys, proxies, clock, logger },
    link: () => link,
    settled: committer.flush,
    onPast({ chat }) {
      for (const change of protection.met(chat)) groups.put(change)
    },
    simulated: options.url !== undefined,
    onAck(ack) {
      handedOut.answered(ack.id, ack.error === undefined)
      onAck(ack)
    },
    onReceived,
    onStrange(id, inside) {
      logger.warn('a message held nothing to decrypt', { id, inside })
      metrics.strangeStanza()
    },
    onMessage(message) {
      metrics.messageIn()
      onMessage(message)
    },
  })
  const link = createLink({
    state,
    groups,
    keys,
    handedOut,
    own,
    barrier,
    traffic: receiving.traffic,
    onSkippedDevice: metrics.skippedDevice,
    clock,
    logger,
    getMessage: async (id) => {
      const bytes = outbox.get(id)?.proto ?? ((await archive.read('sent', id)) as Uint8Array | undefined)
      return bytes && decodeProto(bytes)
    },
    ...(options.url ? { url: options.url } : {}),
    ...(options.version ? { version: options.version } : {}),
    ...(options.onlyPhone ? { onlyPhone: options.onlyPhone } : {}),
    confirmPasskey: options.confirmPasskey,
    ...(proxies ? { proxies } : {}),
    dispatch,
    onReady(messenger) {
      sender.ready(messenger)
      receiving.poke()
    },
    onPresence(stanza) {
      const news = readPresence(stanza, addresses)
      const kind = news && parseJid(news.chat.jid)?.kind
      if (news && kind !== 'other') live.event('presence.updated', news)
    },
    onRestriction: protection.heard,
    ...care.ears,
  })

  let loaded: Loaded | undefined
  let mended: Promise<void> | undefined
  const session: Session = createSession({
    state,
    clock,
    random: options.random,
    maxAttempts: options.maxAttempts,
    link,
    snapshot: (reason) =>
      reason === 'connected'
        ? dailySnapshot(state, clock.now())
        : snapshotOfCredentials(state, reason, clock.now()),
    onLinked() {
      if (loaded) mended = mend(loaded).catch(unlessFenced('what did not open is still there'))
    },
    onStatus: tellStatus,
    checkLease: () => void keeper.check().catch(() => {}),
  })
  const keeper = createKeeper({
    writer,
    lease,
    ttlMs: options.leaseTtlMs,
    clock,
    logger,
    report() {
      const vitals = care.vitals()
      return { status: statusNow(), ...(vitals ? { vitals } : {}), seq: durableSeq }
    },
    onLost: onFatal,
    onReported: live.statusChanged,
  })

  /** The session's status with what others tell: the same object until one of them changes. */
  const statusNow = createStatusView(() => session.status(), {
    protection: protection.status,
    seals: reseal.progress,
    trouble: care.trouble,
    phoneAway: care.phoneAway,
  })

  /** What the connection tells. An end of the link that nobody here asked for is a sign of a ban. */
  function dispatch(event: SessionEvent): void {
    const before = session.status().phase
    session.dispatch(event)
    const { phase } = session.status()
    if (phase === before) return
    if (phase === 'loggedOut') protection.signal('loggedOut')
    if (phase === 'banned') protection.signal('banned')
    if (event.type === 'paired') care.linked()
  }

  function tellStatus(status: SessionStatus, before: SessionStatus): void {
    const isNews = status.phase !== before.phase || status.reason !== before.reason
    // Each failed attempt of a long outage is worth a line only to who looks closely.
    if (isNews || (status.retry && status.retry !== before.retry))
      logger[isNews ? 'info' : 'debug']('session', {
        phase: status.phase,
        ...(status.reason ? { reason: status.reason } : {}),
        ...(status.lastDisconnect ? { lastDisconnect: status.lastDisconnect } : {}),
        ...(status.retry ? { retry: status.retry } : {}),
      })
    if (status.phase === 'reconnecting' && before.phase === 'connected') metrics.reconnect()
    if (status.account) protection.linked(status.account.phone)
    const { pairing } = status
    if (pairing && pairing !== before.pairing) {
      const { passkey, qr, code, attempt, maxAttempts, expiresAt = clock.now() } = pairing
      if (qr) live.event('pairing.qr', { qr, attempt, maxAttempts, expiresAt })
      if (passkey) live.event('pairing.passkey', { passkey })
      if (code) live.event('pairing.code', { code, expiresAt })
    }
    keeper.report()
  }

  const onlyPhone = options.onlyPhone ? { onlyPhone: options.onlyPhone } : {}
  const seen: Session = {
    ...session,
    status() {
      const vitals = care.vitals()
      return vitals ? { ...statusNow(), vitals } : statusNow()
    },
  }
  const commands: CommandContext = {
    session: seen,
    protection,
    addresses,
    committer,
    messenger: link.messenger,
    passkey: () => link.connection()?.passkey,
    transfer: createTransfer({ state, committer, session, clock, closed: link.closed, ...onlyPhone }),
    snapshots: createSnapshots({
      ...{ state, archive, committer, session, clock, closed: link.closed, ...onlyPhone },
      mended: async () => mended,
    }),
    clock,
    ...onlyPhone,
  }
  const control: ControlTarget = {
    ...{ instance: lease.instance, organization: lease.organization, epoch: lease.epoch },
    status: statusNow,
    run: (call) => runCommand(commands, call),
    send: createTextAcceptor({
      queue: options.queue,
      lease,
      randomBytes: options.randomBytes,
      wake: () => sender.wake(),
    }),
    onEvent: live.onEvent,
  }

  const served: { stop(): void }[] = []
  return {
    session: seen,
    metrics,
    async start() {
      await keeper.start(options.heldSinceMs)
      loaded = await load()
      served.push(
        serveCommands(bus, sessionKeyOf(lease), commands),
        bus.onWake(CHANNELS.queue(sessionKeyOf(lease)), sender.wake),
      )
      protection.start()
      sender.start()
      receiving.poke()
      const creds = storedCredentials(state)
      const account = creds && accountOf(creds)
      const rest = storedRest(state)
      const flaw = flawIn(loaded) ?? storedFlaw(state)
      if (flaw) logger.error('the stored credentials are damaged', { flaw })
      session.dispatch({
        type: 'loaded',
        ...(flaw ? { flaw } : {}),
        ...(account ? { account } : {}),
        ...(rest ? { rest } : {}),
        pairing: options.pairing,
      })
      // What could not be opened waits for a person first.
      if (!flaw) reseal.start(loaded)
      care.start()
    },
    async stop() {
      // What could not be read must not be written over.
      if (!loaded) return keeper.release()
      for (const one of served.splice(0)) one.stop()
      receiving.stop()
      reseal.stop()
      care.stop()
      protection.stop()
      await Promise.race([sender.stop(), clock.sleep(DRAIN_MS)])
      await goodbye()
      session.dispatch({ type: 'stopped' })
      session.stop()
      await link.closed()
      await committer.flush()
      await marker.settled()
      committer.stop()
      await keeper.release()
      live.statusChanged()
    },
    cut() {
      reseal.stop()
      care.stop()
      session.stop()
      committer.stop()
      link.close()
    },
    forget: keys.forget,
    control: () => (loaded ? control : undefined),
  }

  async function goodbye(): Promise<void> {
    const gone = link.messenger()?.goOffline()
    if (!gone) return
    await Promise.race([gone.then(() => committer.flush()).catch(() => {}), clock.sleep(GOODBYE_MS)])
  }
}

/** Records that do not open: what was in them is not known, so nothing is done with the rest. */
function flawIn({ damaged, damagedCommits }: Loaded): string | undefined {
  const count = damaged.length + damagedCommits
  return count > 0 ? `${count} stored ${count === 1 ? 'record does' : 'records do'} not open` : undefined
}
