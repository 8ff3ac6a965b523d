/** Messages both ways in every chat of every session, until enough were sent and the faults are over. */
import { setTimeout as delay } from 'node:timers/promises'
import type { SimulatorOperations } from '@warren/simulator'
import { createRandom, type Random } from '../random.ts'
import type { Session } from '../stack/session.ts'
import { writeOnce } from './contacts.ts'
import { PNG } from './picture.ts'
import type { SentLog } from './record.ts'
import type { Rest } from './rest.ts'

export type Traffic = {
  /** Messages are sent at most this much faster than the faults go on. */
  hurry(): void
  /** Lets what was begun end; resolves when everything that was asked for was accepted. */
  stop(): Promise<void>
  readonly errors: readonly unknown[]
}

export type TrafficOptions = {
  readonly sessions: readonly Session[]
  /** The group that each account has with its contacts, by instance. */
  readonly groups: ReadonlyMap<string, string>
  readonly simulator: SimulatorOperations
  readonly rest: Rest
  readonly log: SentLog
  readonly seed: number
  /** Mean pause between two messages of one direction of one chat, in milliseconds. */
  readonly pauseMs: number
}

/** Share of the messages that carry a picture. */
const PICTURES = 0.03
/** Share of the messages that are followed by others without a pause. */
const BURSTS = 0.15
const BURST = 6
/** Of the pause, once only messages are missing. */
const HURRY = 0.2

export async function startTraffic(options: TrafficOptions): Promise<Traffic> {
  const { sessions, groups, simulator, rest, log } = options
  const stopping = new AbortController()
  const errors: unknown[] = []
  const picture = await rest.upload(PNG)
  let factor = 1

  async function out(session: Session, chat: string, number: number, random: Random): Promise<void> {
    const { instance } = session
    const text = `out ${instance} ${chat} ${number}`
    const body = random.chance(PICTURES)
      ? { to: chat, type: 'image', image: { mediaId: picture, caption: text } }
      : { to: chat, type: 'text', text }
    const id = await rest.send(instance, text.replaceAll(' ', '-'), body)
    log.add({ direction: 'out', instance, chat, id, text })
  }

  async function incoming(session: Session, chat: string, number: number, random: Random): Promise<void> {
    const text = `in ${session.instance} ${chat} ${number}`
    const image = random.chance(PICTURES)
      ? { image: { data: PNG.toString('base64'), mimetype: 'image/png' } }
      : {}
    const addressing = random.chance(0.5) ? 'lid' : 'pn'
    const message = { to: session.number, text, addressing, ...image } as const
    const id = await writeOnce(simulator, (id) => simulator.contacts.send(chat, { ...message, id }))
    log.add({ direction: 'in', instance: session.instance, chat, id, text })
  }

  async function toGroup({ instance, contacts }: Session, group: string, number: number): Promise<void> {
    const text = `out ${instance} group ${number}`
    const id = await rest.send(instance, text.replaceAll(' ', '-'), { to: group, type: 'text', text })
    log.add({ direction: 'out', instance, chat: group, id, text, readers: contacts })
  }

  const fromGroup =
    (group: string) =>
    async ({ instance }: Session, from: string, number: number): Promise<void> => {
      const text = `in ${instance} group ${from} ${number}`
      const id = await writeOnce(simulator, (id) => simulator.groups.send(group, { from, text, id }))
      log.add({ direction: 'in', instance, chat: `${group} ${from}`, id, text })
    }

  /** One direction of one chat: the next message when the one before was accepted. */
  async function lane(send: typeof out, session: Session, chat: string, random: Random): Promise<void> {
    let burst = 0
    for (let number = 1; !stopping.signal.aborted; number++) {
      await send(session, chat, number, random)
      if (burst === 0 && random.chance(BURSTS)) burst = random.int(1, BURST)
      else burst = Math.max(0, burst - 1)
      const pauseMs = burst > 0 ? 0 : -Math.log(1 - random.next()) * options.pauseMs * factor
      await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }

  const seeds = createRandom(options.seed)
  const start = (send: typeof out, session: Session, chat: string) =>
    lane(send, session, chat, createRandom(seeds.int(1, 2 ** 31))).catch((error: unknown) => {
      errors.push(error)
    })
  const lanes = sessions.flatMap((session) => {
    const { contacts, instance } = session
    const group = groups.get(instance)
    return [
      ...contacts.flatMap((chat) => [start(out, session, chat), start(incoming, session, chat)]),
      ...(group === undefined
        ? []
        : [
            start(toGroup, session, group),
            ...contacts.map((chat) => start(fromGroup(group), session, chat)),
          ]),
    ]
  })
  return {
    errors,
    hurry() {
      factor = HURRY
    },
    async stop() {
      stopping.abort()
      await Promise.all(lanes)
    },
  }
}
