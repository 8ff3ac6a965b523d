/** A real session pod as a subject: its process, MongoDB and Redis; sends come out of its queue. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { CHANNELS, type InstanceId, sessionKeyOf } from '@warren/contracts'
import { startProgram } from '../program.ts'
import type { World } from '../world.ts'
import { preKeysStored } from './bare.ts'
import { SESSION_SETTINGS } from './process-settings.ts'
import type { OutgoingText, Subject, SubjectFactory } from './subject.ts'

/** Journal entries read at a time. */
const PAGE = 1000

/**
 * @param bundle the file that a session pod runs
 * @param organization who may see its events
 */
export function warrenSessions(
  world: World,
  account: string,
  bundle: string,
  organization = 'bench',
): SubjectFactory {
  const { store, simulator } = world
  const instance: InstanceId = `bench.s${account}`
  const session = sessionKeyOf({ organization, instance })
  const key = randomBytes(32).toString('base64')
  let incarnation = 0

  async function start(): Promise<Subject> {
    const pod = startProgram({
      name: `session pod ${account}`,
      args: [...SESSION_SETTINGS.flags, bundle],
      env: {
        ...SESSION_SETTINGS.env,
        WARREN_INSTANCE: instance,
        WARREN_ORGANIZATION: organization,
        WARREN_POD_NAME: `bench-${account}-${++incarnation}`,
        WARREN_INSTANCE_KEY: key,
        // Longer than the pod is ever stopped below.
        WARREN_LEASE_SECONDS: '60',
        WARREN_WHATSAPP_SIMULATOR: world.controlUrl,
        MONGODB_URI: world.mongo.uri,
        MONGODB_SESSIONS_DB: world.sessionsDb,
        REDIS_URL: world.redis.uri,
        HEALTH_PORT: '0',
        HEALTH_HOST: '127.0.0.1',
      },
      logFile: join(world.folder, `${account}.log`),
      ipc: false,
    })
    const forget = world.stops.add(pod.stop)
    let seq = await store.head(session)
    return {
      ...{ variant: 'warren', account, pid: pod.pid, died: pod.died },
      async prepare(messages) {
        // It would look into the queue by itself every few seconds, amid the rows; stopped it finds them all at once.
        pod.child.kill('SIGSTOP')
        await Promise.race([enqueue(messages), pod.died])
        return () => {
          pod.child.kill('SIGCONT')
          world.bus.wake(CHANNELS.queue(session))
        }
      },
      async received() {
        const ids: string[] = []
        for (;;) {
          const entries = await store.journal(session, seq, PAGE)
          for (const { type, data } of entries) if (type === 'message.received') ids.push(data.message.id)
          seq = entries.at(-1)?.seq ?? seq
          if (entries.length < PAGE) return ids
        }
      },
      async stop() {
        await pod.stop()
        forget()
      },
    }
  }

  /** Chats side by side, each in order: the order of acceptance within a chat is what the ledger is checked against. */
  async function enqueue(messages: readonly OutgoingText[]): Promise<void> {
    const chats = Map.groupBy(messages, ({ to }) => to)
    await Promise.all(
      [...chats.values()].map(async (chat) => {
        for (const { id, to, text } of chat) {
          const content = { type: 'text', text } as const
          await store.enqueue({ instance, organization, messageId: id, to, content })
        }
      }),
    )
  }

  return {
    variant: 'warren',
    account,
    spawn: start,
    async pair() {
      const pod = await start()
      await Promise.race([scanAndWait(), pod.died])
      await pod.stop()
    },
  }

  async function scanAndWait(): Promise<void> {
    let scanned: string | undefined
    for (;;) {
      const status = (await store.session(session))?.status
      if (status?.phase === 'connected') return preKeysStored(world, account)
      const qr = status?.pairing?.qr
      if (qr && qr !== scanned) {
        scanned = qr
        await simulator.phones.scan(account, qr).catch(() => {})
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
