import { enterCode } from '../connection/pairing/enter-code.ts'
import { scanQr } from '../connection/pairing/scan-qr.ts'
import { node } from '../protocol/node.ts'
import { type Companion, jidOf, type Subscriber } from '../world/directory.ts'
import { isDrained } from '../world/drained.ts'
import { Refusal } from '../world/errors.ts'
import type { Session } from '../world/sessions.ts'
import { sendFromPhone } from '../world/to-session.ts'
import type { World } from '../world/world.ts'
import type { Contact, Phone, PhoneDevice, SessionInfo, SimulatorOperations, Trust } from './types.ts'

const DRAINED_TIMEOUT_MS = 30_000
const DRAINED_POLL_MS = 10

const presentDevice = (world: World, subscriber: Subscriber, companion: Companion): PhoneDevice => ({
  device: companion.device,
  platform: companion.platform,
  connected: world.sessions.of(subscriber, companion.device) !== undefined,
  queued: companion.queue.size(),
  preKeys: companion.preKeys.size,
})

const presentPhone = (world: World, subscriber: Subscriber): Phone => ({
  number: subscriber.number,
  lid: subscriber.lid,
  pushName: subscriber.pushName,
  initialSync: subscriber.initialSync,
  devices: [...subscriber.companions.values()].map((one) => presentDevice(world, subscriber, one)),
})

const presentContact = ({ number, lid, pushName, behaviour }: Subscriber): Contact => ({
  number,
  lid,
  pushName,
  ...behaviour,
})

const presentSession = (session: Session): SessionInfo => ({
  number: session.subscriber.number,
  device: session.companion.device,
  active: session.active,
  presence: session.presence ?? null,
  queued: session.companion.queue.size(),
  connectedAt: session.connectedAt,
  lastFrameAt: session.lastFrameAt,
})

const withoutUndefined = <T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never

/** What the operations need besides the world. */
export interface OperationsContext {
  world: World
  trust: () => Trust
  /** Called after a change of the links, which must not be lost. */
  linksChanged: () => Promise<void>
  reset: () => Promise<void>
}

/** The operations of a simulator in this process. */
export const createOperations = (context: OperationsContext): SimulatorOperations => {
  const { world } = context
  const existing = (number: string): Subscriber => {
    const subscriber = world.directory.find(number)
    if (!subscriber) throw new Refusal('not_found', `there is no number ${number}`, 'number')
    return subscriber
  }
  const phone = (number: string): Subscriber => {
    const subscriber = existing(number)
    if (!subscriber.isPhone) throw new Refusal('not_found', `${number} is a contact, not a phone`, 'number')
    return subscriber
  }

  return {
    trust: async () => context.trust(),

    phones: {
      async create({ number, pushName, initialSync }) {
        const subscriber = world.directory.ensure(number)
        subscriber.isPhone = true
        if (pushName !== undefined) subscriber.pushName = pushName
        if (initialSync !== undefined) subscriber.initialSync = initialSync
        return presentPhone(world, subscriber)
      },
      list: async () =>
        world.directory
          .all()
          .filter(({ isPhone }) => isPhone)
          .map((one) => presentPhone(world, one)),
      get: async (number) => presentPhone(world, phone(number)),
      async scan(number, qr) {
        const linked = await scanQr(world, phone(number), qr)
        await context.linksChanged()
        return linked
      },
      async enterCode(number, code) {
        const linked = await enterCode(world, phone(number), code)
        await context.linksChanged()
        return linked
      },
      async unlink(number, device) {
        const subscriber = phone(number)
        const companion = subscriber.companions.get(device)
        if (!companion) throw new Refusal('not_found', `${number} has no linked device ${device}`, 'device')
        subscriber.companions.delete(device)
        companion.queue.clear()
        world.sessions.of(subscriber, device)?.end({ event: 'deviceRemoved' })
        await context.linksChanged()
      },
    },

    contacts: {
      async set({ number, pushName, ...behaviour }) {
        const subscriber = world.directory.ensure(number)
        if (pushName !== undefined) subscriber.pushName = pushName
        Object.assign(subscriber.behaviour, withoutUndefined(behaviour))
        return presentContact(subscriber)
      },
      list: async () => world.directory.all().map(presentContact),
      get: async (number) => presentContact(existing(number)),
      async send(number, { to, image, ...message }) {
        const author = world.directory.ensure(number)
        const file = image && { ...image, data: Buffer.from(image.data, 'base64') }
        return sendFromPhone(world, author, phone(to), { ...message, image: file })
      },
      async presence(number, { to, state }) {
        const author = world.directory.ensure(number)
        const target = phone(to)
        const from = jidOf(author, 'pn')
        const isPresence = state === 'available' || state === 'unavailable'
        const stanza = isPresence
          ? node('presence', { from, type: state === 'available' ? undefined : state })
          : node('chatstate', { from }, [
              state === 'paused'
                ? node('paused')
                : node('composing', { media: state === 'recording' ? 'audio' : undefined }),
            ])
        for (const { device } of target.companions.values()) world.sessions.of(target, device)?.send(stanza)
      },
      async setDefaults(behaviour) {
        return { ...Object.assign(world.defaults, withoutUndefined(behaviour)) }
      },
    },

    faults: {
      async set(faults, number) {
        world.faults.set(faults, number)
        return world.faults.get(number)
      },
      get: async (number) => world.faults.get(number),
      clear: async (number) => world.faults.clear(number),
    },

    sessions: {
      list: async () => world.sessions.all().map(presentSession),
      async end(event, { number, device } = {}) {
        const struck = world.sessions.all().filter(({ subscriber, companion }) => {
          const isNumber = number === undefined || subscriber.number === number
          return isNumber && (device === undefined || companion.device === device)
        })
        for (const session of struck) session.end(event)
        return struck.length
      },
    },

    ledger: {
      read: async (filter) => world.ledger.read(filter),
      clear: async () => world.ledger.clear(),
    },

    async drained({ timeoutMs = DRAINED_TIMEOUT_MS } = {}) {
      const deadline = Date.now() + timeoutMs
      while (!isDrained(world)) {
        if (Date.now() > deadline) throw new Refusal('timeout', `not drained within ${timeoutMs} ms`)
        await new Promise((resolve) => setTimeout(resolve, DRAINED_POLL_MS))
      }
    },

    reset: () => context.reset(),
  }
}
