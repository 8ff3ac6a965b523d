/** A session pod as a child process, with real data services and a simulated WhatsApp around it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  CHANNELS,
  type CommandName,
  type CommandRequest,
  type CommandResponse,
  type JournalEntry,
  type JournalEventType,
  messageIdFrom,
  type SendContent,
  type SessionKey,
  type SessionStatus,
  sessionKeyOf,
} from '@warren/contracts'
import { type Bus, createRedisBus } from '@warren/runtime/bus'
import { systemClock as clock } from '@warren/runtime/clock'
import type { SealingKey } from '@warren/runtime/crypto'
import { createIds } from '@warren/runtime/ids'
import { silentLogger } from '@warren/runtime/logger'
import { connectMongo } from '@warren/runtime/mongo'
import {
  createMongoSessionStore,
  migrateSessionStore,
  type SessionStore,
} from '@warren/runtime/session-store'
import { type Cleanup, ownRedis, until, withMongo } from '@warren/runtime/testing'
import { SESSION_MAIN } from '@warren/session-pod'
import { createSimulator, type Simulator, type SimulatorAddresses } from '@warren/simulator'
import { openStored, type Stored } from './stored.ts'

export type Rig = {
  readonly simulator: Simulator
  readonly store: SessionStore
  readonly bus: Bus
  /** The database of the sessions. */
  readonly db: Awaited<ReturnType<typeof connectMongo>>['db']
  readonly controlUrl: string
  readonly mongoUri: string
  /** Everything that belongs to one account. */
  account(): Account
}

export type Account = {
  readonly instance: string
  readonly session: SessionKey
  readonly phone: string
  /** What everything of it is sealed with. */
  readonly key: SealingKey
  /** Takes the place of a process that has ended, and opens what it has stored. */
  stored(keys?: readonly [SealingKey, ...SealingKey[]]): Promise<Stored>
  /** Starts a process; several may run. */
  start(env?: Record<string, string>): PodProcess
  status(): Promise<SessionStatus | null>
  /** Waits for a status; links the phone when a QR is shown and `scan` is set. */
  until(phase: SessionStatus['phase'], timeoutMs?: number): Promise<SessionStatus>
  /** Starts a process and links the phone by QR. */
  link(env?: Record<string, string>): Promise<PodProcess>
  send(to: string, content: SendContent | string): Promise<string>
  call<C extends CommandName>(command: C, request: CommandRequest<C>): Promise<CommandResponse<C>>
  journal(): Promise<JournalEntry[]>
  entries<T extends JournalEventType>(type: T): Promise<JournalEntry<T>[]>
}

export type PodProcess = {
  readonly child: ChildProcess
  readonly exited: Promise<number | null>
  output(): string
  kill(signal?: NodeJS.Signals): Promise<number | null>
}

const ORGANIZATION = 'acme'

/** A key as a session process is given it. */
export const keyText = ({ id, bytes }: SealingKey) => `${id}:${Buffer.from(bytes).toString('base64')}`

/** @param command what to give to Node: its flags and the file of the session process */
export async function createRig(file: Cleanup, command: readonly string[] = [SESSION_MAIN]): Promise<Rig> {
  // A Redis of its own: whoever answers for the object store answers every session that asks there.
  const [{ uri, dbName }, { uri: redis }] = await Promise.all([withMongo(file), ownRedis(file)])
  const simulator = createSimulator()
  const addresses = await simulator.start()
  file.after(() => simulator.stop())
  const mongo = await connectMongo({ uri, dbName, appName: 'test', logger: silentLogger, clock })
  file.after(() => mongo.close())
  await migrateSessionStore(mongo.db)
  const store = createMongoSessionStore(mongo.db, clock)
  const bus = createRedisBus({ url: redis, clock, logger: silentLogger, ids: createIds(clock) })
  await bus.start()
  file.after(() => bus.stop())
  const env = { MONGODB_URI: uri, MONGODB_SESSIONS_DB: dbName, REDIS_URL: redis }
  return {
    simulator,
    store,
    bus,
    db: mongo.db,
    controlUrl: addresses.controlUrl,
    mongoUri: uri,
    account: () => accountOn({ simulator, store, bus, addresses, env, file, command }),
  }
}

let accounts = 0

function accountOn(on: {
  simulator: Simulator
  store: SessionStore
  bus: Bus
  addresses: SimulatorAddresses
  env: Record<string, string>
  file: Cleanup
  command: readonly string[]
}): Account {
  const { simulator, store, bus, addresses, file } = on
  const instance = `test.i${randomBytes(5).toString('hex')}`
  const session = sessionKeyOf({ organization: ORGANIZATION, instance })
  const phone = String(491_700_000_000 + ++accounts)
  const key: SealingKey = { id: 7, bytes: randomBytes(32) }

  function start(env: Record<string, string> = {}): PodProcess {
    const child = spawn(process.execPath, on.command, {
      env: {
        ...process.env,
        ...on.env,
        WARREN_INSTANCE: instance,
        WARREN_ORGANIZATION: ORGANIZATION,
        WARREN_POD_NAME: 'session-0',
        WARREN_INSTANCE_KEY: keyText(key),
        WARREN_WHATSAPP_SIMULATOR: addresses.controlUrl,
        WARREN_LEASE_SECONDS: '3',
        HEALTH_PORT: '0',
        HEALTH_HOST: '127.0.0.1',
        CONTROL_PORT: 'off',
        LOG_LEVEL: 'debug',
        NODE_ENV: 'test',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (output += text))
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
    file.after(async () => {
      child.kill('SIGKILL')
      await exited
    })
    return {
      child,
      exited,
      output: () => output,
      kill(signal = 'SIGKILL') {
        child.kill(signal)
        return exited
      },
    }
  }

  const status = async () => (await store.session(session))?.status ?? null
  const untilPhase: Account['until'] = (phase, timeoutMs = 30_000) =>
    until(
      async () => {
        const found = await status()
        return found?.phase === phase ? found : undefined
      },
      { timeoutMs, everyMs: 20, describe: `phase ${phase}` },
    )

  async function journal(): Promise<JournalEntry[]> {
    const entries: JournalEntry[] = []
    for (;;) {
      const page = await store.journal(session, entries.at(-1)?.seq ?? 0, 500)
      if (page.length === 0) return entries
      entries.push(...page)
    }
  }

  return {
    instance,
    session,
    phone,
    key,
    stored: (keys = [key]) => openStored(store, { instance, organization: ORGANIZATION }, keys),
    start,
    status,
    until: untilPhase,
    async link(env) {
      await simulator.phones.create({ number: phone })
      const pod = start(env)
      const { qr } = await until(async () => (await status())?.pairing, {
        timeoutMs: 30_000,
        describe: 'a QR',
      })
      await simulator.phones.scan(phone, qr ?? '')
      await untilPhase('connected')
      return pod
    },
    async send(to, content) {
      const messageId = messageIdFrom(randomBytes(9))
      await store.enqueue({
        instance,
        organization: ORGANIZATION,
        messageId,
        to: to.includes('@') ? to : `${to}@s.whatsapp.net`,
        content: typeof content === 'string' ? { type: 'text', text: content } : content,
      })
      bus.wake(CHANNELS.queue(session))
      return messageId
    },
    async call(command, request) {
      const answer = await bus.call(CHANNELS.commands(session), { command, request }, { timeoutMs: 30_000 })
      return answer as never
    },
    journal,
    async entries(type) {
      return (await journal()).filter((entry) => entry.type === type) as never
    },
  }
}
