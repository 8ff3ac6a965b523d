/**
 * Takes in what the phone told of its history, behind the messages. The notice is in the session's state and outlives the process; how far
 * it is taken in stands beside it, stored with the entries, so that each of them is journaled once however often it is begun anew.
 */
import { isWarrenError, type Message } from '@warren/contracts'
import type { Clock, Timer } from '@warren/runtime/clock'
import type { Logger } from '@warren/runtime/logger'
import type { Groups } from '../store/groups.ts'
import type { SessionState } from '../store/state.ts'
import {
  type AddressBook,
  HISTORY,
  type History,
  type HistoryNotice,
  historyMessage,
  type KnownMessages,
} from '../whatsapp/index.ts'

export type HistoryImporter = {
  /** Something may be there to do. */
  poke(): void
  stop(): void
}

/** What a group takes: few enough that the messages of the day do not wait for it. */
const AT_A_TIME = 50
/** WhatsApp delivers what it kept for this device beside the history that holds it, so the newest are recognised. */
const REMEMBERED = 500
/** WhatsApp's links die within weeks. */
const MAX_AGE_MS = 14 * 24 * 3600_000
const FIRST_RETRY_MS = 5_000
const MAX_RETRY_MS = 10 * 60_000

export function createHistoryImporter(options: {
  state: SessionState
  groups: Groups
  known: KnownMessages
  addresses: AddressBook
  own: () => { pn?: string; lid?: string }
  read: (notice: HistoryNotice) => Promise<History>
  /** Stores what the history says of addresses and tokens; may be done again. Undefined while there is no connection to do it on. */
  learn: () => ((history: History) => Promise<void>) | undefined
  /** What follows from a message, inside the group that journals it. */
  onMessage: (message: Message) => void
  /** Resolves when all that was applied is durable. */
  settled: () => Promise<unknown>
  clock: Clock
  logger: Logger
}): HistoryImporter {
  const { state, groups, known, addresses, own, read, settled, clock, logger } = options
  let working = false
  let stopped = false
  let pauseMs = FIRST_RETRY_MS
  let timer: Timer | undefined

  function poke(): void {
    if (stopped || working || timer) return
    const [next] = state.all(HISTORY.notice)
    const learn = next && options.learn()
    if (!next || !learn) return
    working = true
    void takeIn(next[0], next[1] as HistoryNotice, learn).finally(() => {
      working = false
      poke()
    })
  }

  async function takeIn(
    id: string,
    notice: HistoryNotice,
    learn: (history: History) => Promise<void>,
  ): Promise<void> {
    try {
      const history = await read(notice)
      await learn(history)
      await journal(id, history)
      pauseMs = FIRST_RETRY_MS
      if (!stopped) logger.info('the history of the phone is taken in', { messages: history.messages.length })
    } catch (error) {
      if (stopped) return
      if (isWarrenError(error, 'media_unavailable') || clock.now().getTime() - notice.at > MAX_AGE_MS) {
        logger.warn('the history of the phone is given up', { error })
        state.apply(ended(id))
        return
      }
      logger.warn('the history of the phone is tried again', { error })
      timer = clock.setTimer(pauseMs, () => {
        timer = undefined
        poke()
      })
      pauseMs = Math.min(MAX_RETRY_MS, pauseMs * 2)
    }
  }

  async function journal(id: string, { names, messages }: History): Promise<void> {
    const steps = [
      ...names.map((one) => () => {
        const address = addresses.complete(one.jid)
        groups.record({ type: 'contact.updated', at: clock.now(), data: { address, pushName: one.name } })
      }),
      ...messages.map((info, index) => () => recordMessage(info, messages.length - index <= REMEMBERED)),
    ]
    let done = Number(state.get(HISTORY.done, id) ?? 0)
    do {
      const upTo = Math.min(done + AT_A_TIME, steps.length)
      await groups.run(async () => {
        // What ended the link meanwhile has taken the notice with it.
        if (groups.get(HISTORY.notice, id) === undefined) return
        for (const step of steps.slice(done, upTo)) step()
        if (upTo < steps.length) groups.put({ type: HISTORY.done, id, value: upTo })
        else for (const change of ended(id)) groups.put(change)
      })
      done = upTo
      await settled()
    } while (done < steps.length && !stopped)
  }

  function recordMessage(info: History['messages'][number], remember: boolean): void {
    const found = historyMessage(info, { addresses, own: own(), now: clock.now() })
    if (!found) return
    const { message, status } = found
    const before = known.get(message)
    if (before === 'message') return
    const at = clock.now()
    if (remember || before) known.journaled(message)
    if (before === 'undecryptable') {
      const { id, chat, sender } = message
      groups.record({ type: 'message.received', at, data: { message } })
      groups.record({ type: 'message.recovered', at, data: { id, chat, sender } })
    } else groups.record({ type: 'message.history', at, data: { message } })
    if (status) groups.record({ type: 'message.status', at, data: status })
    options.onMessage(message)
  }

  return {
    poke,
    stop() {
      stopped = true
      timer?.stop()
    },
  }
}

const ended = (id: string) => [
  { type: HISTORY.notice, id, value: undefined },
  { type: HISTORY.done, id, value: undefined },
]
