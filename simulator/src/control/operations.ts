import { enterCode } from '../connection/pairing/enter-code.ts'
import { scanQr } from '../connection/pairing/scan-qr.ts'
import { changeNumber } from '../world/change-number.ts'
import type { Subscriber } from '../world/directory.ts'
import { isDrained } from '../world/drained.ts'
import { Refusal } from '../world/errors.ts'
import { sendToGroup } from '../world/group-to-session.ts'
import type { Group } from '../world/groups.ts'
import { sendPresence } from '../world/presence.ts'
import { tellRestrictions } from '../world/restrictions.ts'
import { sendFromPhone } from '../world/to-session.ts'
import type { World } from '../world/world.ts'
import { presentContact, presentGroup, presentPhone, presentSession } from './present.ts'
import { check, schemas } from './schemas.ts'
import type {
  Behaviour,
  ContactInput,
  DrainedInput,
  EndEvent,
  Faults,
  GroupInput,
  GroupMessageInput,
  LedgerFilter,
  MessageInput,
  PhoneInput,
  PresenceInput,
  SessionTarget,
  SimulatorOperations,
  Trust,
} from './types.ts'

const DRAINED_TIMEOUT_MS = 30_000
const DRAINED_POLL_MS = 10

/** What the operations need besides the world. */
export interface OperationsContext {
  world: World
  trust: () => Trust
  /** Called after a change of the links, which must not be lost. */
  linksChanged: () => Promise<void>
  reset: () => Promise<void>
}

/** The operations of a simulator in this process. Inputs are checked here, so that HTTP adds nothing but transport. */
export const createOperations = (context: OperationsContext): SimulatorOperations => {
  const { world } = context
  const numberOf = (number: unknown) => check<string>(schemas.number, number)
  const existing = (number: unknown): Subscriber => {
    const subscriber = world.directory.find(numberOf(number))
    if (!subscriber) throw new Refusal('not_found', `there is no number ${number}`, 'number')
    return subscriber
  }
  const phone = (number: unknown): Subscriber => {
    const subscriber = existing(number)
    if (!subscriber.isPhone) throw new Refusal('not_found', `${number} is a contact, not a phone`, 'number')
    return subscriber
  }
  const existingGroup = (jid: string): Group => {
    const group = world.groups.find(jid)
    if (!group) throw new Refusal('not_found', `there is no group ${jid}`)
    return group
  }
  const accountOf = (number: unknown) => (number === undefined ? undefined : numberOf(number))

  /** Whoever is restricted by a change of faults, or not any more, is told. */
  function changeFaults(change: () => void): void {
    const linked = world.directory.all().filter(({ companions }) => companions.size > 0)
    const before = linked.map(({ number }) => structuredClone(world.faults.effective(number)))
    change()
    for (const [i, account] of linked.entries())
      tellRestrictions(world, account, before[i] ?? {}, world.faults.effective(account.number))
  }

  return {
    trust: async () => context.trust(),

    phones: {
      async create(input) {
        const { number, pushName, initialSync, passkey } = check<PhoneInput>(schemas.phone, input)
        const subscriber = world.directory.ensure(number)
        subscriber.isPhone = true
        if (pushName !== undefined) subscriber.pushName = pushName
        if (initialSync !== undefined) subscriber.initialSync = initialSync
        if (passkey !== undefined) subscriber.passkey = passkey ?? undefined
        return presentPhone(world, subscriber)
      },
      async list() {
        const phones = world.directory.all().filter(({ isPhone }) => isPhone)
        return phones.map((one) => presentPhone(world, one))
      },
      get: async (number) => presentPhone(world, phone(number)),
      async scan(number, qr) {
        const linked = await scanQr(world, phone(number), check(schemas.qr, qr))
        await context.linksChanged()
        return linked
      },
      async enterCode(number, code) {
        const linked = await enterCode(world, phone(number), check(schemas.code, code))
        await context.linksChanged()
        return linked
      },
      async unlink(number, device) {
        const subscriber = phone(number)
        const companion = subscriber.companions.get(check(schemas.device, device))
        if (!companion) throw new Refusal('not_found', `${number} has no linked device ${device}`, 'device')
        subscriber.companions.delete(companion.device)
        companion.queue.clear()
        world.sessions.of(subscriber, companion.device)?.end({ event: 'deviceRemoved' })
        await context.linksChanged()
      },
    },

    contacts: {
      async set(input) {
        const { number, pushName, ...behaviour } = check<ContactInput>(schemas.contact, input)
        const subscriber = world.directory.ensure(number)
        if (pushName !== undefined) subscriber.pushName = pushName
        Object.assign(subscriber.behaviour, behaviour)
        return presentContact(subscriber)
      },
      list: async () => world.directory.all().map(presentContact),
      get: async (number) => presentContact(existing(number)),
      async send(number, input) {
        const { to, image, ...message } = check<MessageInput>(schemas.message, input)
        const author = world.directory.ensure(numberOf(number))
        const file = image && { ...image, data: Buffer.from(image.data, 'base64') }
        return sendFromPhone(world, author, phone(to), { ...message, image: file })
      },
      async changeNumber(number, to) {
        const subscriber = existing(number)
        const next = numberOf(to)
        if (subscriber.isPhone || subscriber.companions.size > 0)
          throw new Refusal('invalid_request', `${number} is an account, not a contact`, 'number')
        if (world.directory.find(next)) throw new Refusal('invalid_request', `${next} is taken`, 'to')
        return presentContact(changeNumber(world, subscriber, next))
      },
      async presence(number, input) {
        const { to, state } = check<PresenceInput>(schemas.presence, input)
        sendPresence(world, world.directory.ensure(numberOf(number)), phone(to), state)
      },
      async setDefaults(behaviour) {
        return { ...Object.assign(world.defaults, check<Partial<Behaviour>>(schemas.behaviour, behaviour)) }
      },
    },

    groups: {
      async create(input) {
        const { members, subject = 'Group', addressing = 'lid' } = check<GroupInput>(schemas.group, input)
        return presentGroup(world.groups.create({ members, subject, addressing }))
      },
      list: async () => world.groups.all().map(presentGroup),
      async send(jid, input) {
        const { from, ...message } = check<GroupMessageInput>(schemas.groupMessage, input)
        const group = existingGroup(jid)
        if (!group.members.includes(from))
          throw new Refusal('invalid_request', `${from} is not in the group`, 'from')
        return sendToGroup(world, world.directory.ensure(from), group, message)
      },
      async remove(jid, number) {
        const group = existingGroup(jid)
        group.members = group.members.filter((member) => member !== numberOf(number))
      },
    },

    faults: {
      async set(faults, number) {
        const account = accountOf(number)
        const checked = check<Faults>(schemas.faults, faults)
        changeFaults(() => world.faults.set(checked, account))
        return world.faults.get(account)
      },
      get: async (number) => world.faults.get(accountOf(number)),
      clear: async (number) => changeFaults(() => world.faults.clear(accountOf(number))),
    },

    sessions: {
      list: async () => world.sessions.all().map(presentSession),
      async end(event, target = {}) {
        const ending = check<EndEvent>(schemas.endEvent, event)
        const { number, device } = check<SessionTarget>(schemas.target, target)
        const struck = world.sessions.all().filter(({ subscriber, companion }) => {
          const isNumber = number === undefined || subscriber.number === number
          return isNumber && (device === undefined || companion.device === device)
        })
        for (const session of struck) session.end(ending)
        return struck.length
      },
    },

    ledger: {
      read: async (filter = {}) => world.ledger.read(check<LedgerFilter>(schemas.ledgerFilter, filter)),
      async clear() {
        world.ledger.clear()
        world.sentContents.clear()
      },
    },

    clientAddresses: async () => [...world.clientAddresses].sort(),

    async drained(options = {}) {
      const { timeoutMs = DRAINED_TIMEOUT_MS, number } = check<DrainedInput>(schemas.drained, options)
      const deadline = Date.now() + timeoutMs
      while (!isDrained(world, number)) {
        if (Date.now() > deadline) throw new Refusal('timeout', `not drained within ${timeoutMs} ms`)
        await new Promise((resolve) => setTimeout(resolve, DRAINED_POLL_MS))
      }
    },

    reset: () => context.reset(),
  }
}
