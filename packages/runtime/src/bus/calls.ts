import type { Clock, Timer } from '../clock/index.ts'
import type { Ids } from '../ids/index.ts'
import type { Logger } from '../logger/index.ts'
import { type Bus, BusCallError, type Subscription } from './bus.ts'
import type { Channels } from './channels.ts'

type Wire = {
  send(channel: string, text: string): Promise<number | undefined>
  connected(): boolean
}
type Request = { id: string; replyTo: string; request: unknown }
type RemoteError = { code: string; message: string; details?: unknown }
type Reply = { id: string; result?: unknown; error?: RemoteError }

/** How many answered calls a responder remembers. */
const REMEMBERED = 1_000

/** Request and reply on channels: one channel for each responder, one for all replies to this process. */
export function createCalls(
  channels: Channels,
  { send, connected }: Wire,
  { clock, ids, logger }: { clock: Clock; ids: Ids; logger: Logger },
): Pick<Bus, 'call' | 'serve'> & { start(): void; stop(): void } {
  const replyTo = `reply:${ids.newId()}`
  const waiting = new Map<string, (reply: Reply | BusCallError) => void>()
  let replies: Subscription | undefined

  function onReply(text: string) {
    const reply: Reply = JSON.parse(text)
    waiting.get(reply.id)?.(reply)
  }

  async function call(responder: string, request: unknown, options: { timeoutMs: number; id?: string }) {
    const id = options.id ?? ids.newId('call')
    const { promise, resolve } = Promise.withResolvers<Reply | BusCallError>()
    if (!replies || waiting.has(id)) throw replies ? new Error(`call ${id} is under way`) : offline(responder)
    waiting.set(id, resolve)
    let sent = false
    const timer: Timer = clock.setTimer(options.timeoutMs, () =>
      resolve(sent ? new BusCallError('timeout', `${responder} did not answer in time`) : offline(responder)),
    )
    try {
      // Without the reply channel in place the answer could be missed.
      const settled = await Promise.race([replies.ready, promise])
      if (!settled) {
        if (!connected()) throw offline(responder)
        const message: Request = { id, replyTo, request }
        const receivers = await send(`call:${responder}`, JSON.stringify(message))
        sent = true
        if (receivers === undefined) throw offline(responder)
        if (receivers === 0) throw new BusCallError('no-responder', `nobody serves ${responder}`)
      }
      const reply = await promise
      if (reply instanceof BusCallError) throw reply
      if (reply.error) throw new BusCallError('remote', reply.error.message, reply.error)
      return reply.result
    } finally {
      timer.stop()
      waiting.delete(id)
    }
  }

  function serve(responder: string, handler: Parameters<Bus['serve']>[1]): Subscription {
    const answered = new Map<string, Promise<Reply>>()

    function answer({ id, request }: Request): Promise<Reply> {
      const known = answered.get(id)
      if (known) return known
      const reply = Promise.try(handler, request, id).then(
        (result): Reply => ({ id, result }),
        (error): Reply => ({ id, error: describe(error, responder) }),
      )
      answered.set(id, reply)
      const oldest = answered.keys().next().value
      if (answered.size > REMEMBERED && oldest !== undefined) answered.delete(oldest)
      return reply
    }

    return channels.listen(`call:${responder}`, async (text) => {
      const message: Request = JSON.parse(text)
      await send(message.replyTo, JSON.stringify(await answer(message)))
    })
  }

  function describe(error: unknown, responder: string): RemoteError {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
      const details = 'details' in error ? { details: error.details } : {}
      return { code: error.code, message: error.message, ...details }
    }
    logger.error('call failed', { responder, error })
    return { code: 'internal', message: 'The call failed' }
  }

  return {
    start() {
      replies = channels.listen(replyTo, onReply)
    },
    stop() {
      replies = undefined
      for (const settle of waiting.values()) settle(new BusCallError('offline', 'the bus was stopped'))
    },
    call,
    serve,
  }
}

function offline(responder: string): BusCallError {
  return new BusCallError('offline', `Redis is not reachable, so ${responder} is not either`)
}
