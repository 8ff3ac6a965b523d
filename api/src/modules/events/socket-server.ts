/**
 * Socket.IO: the same streams as SSE over another protocol. Each socket has a stream of its own, so that order and resume hold for it; the
 * Redis adapter joins the rooms of all replicas, which is how a revoked caller is put out everywhere at once.
 *
 * Clients without sticky sessions in front must choose the transport `websocket`.
 */
import type { Server as HttpServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import { type InstanceId, WarrenError } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { Logger } from '@warren/runtime/logger'
import { Redis } from 'ioredis'
import Joi from 'joi'
import { Server, type Socket } from 'socket.io'
import { authorize, type Principal } from '../../http/index.ts'
import { toWarrenError } from '../../http/problem.ts'
import type { EventsDeps } from './index.ts'
import type { OpenStream, Outlet, StreamRequest } from './stream.ts'

export type SocketServer = {
  start(): void
  /** Puts out all sockets of a caller, at every replica. */
  disconnect(caller: string): void
  stop(): Promise<void>
}

/** What a client sends when it connects. */
type Handshake = { token?: string; instance?: InstanceId; lastEventId?: string }

const handshakeSchema = Joi.object<Handshake>({
  token: Joi.string().max(4096),
  instance: Joi.string().max(310),
  lastEventId: Joi.string().max(65_536),
})

/** Events that wait for a slow client before it is disconnected, and how many make a replay pause. */
const MAX_WAITING = 5_000
const PAUSE_WAITING = 100

/** The name of a caller in rooms. */
export function callerOf(principal: Principal): string {
  return principal.kind === 'key' ? `key:${principal.id}` : `login:${principal.login}`
}

export function createSocketServer(
  deps: Omit<EventsDeps, 'sse'> & {
    httpServer: HttpServer
    open: OpenStream
    origins: readonly string[]
    redisUrl: string
    redisPrefix: string
    /** How often a token is looked at again. */
    recheckSeconds: number
    onCount?: (clients: number) => void
    clock: Clock
    logger: Logger
  },
): SocketServer {
  const { authenticate, requireInstance, open, clock, logger } = deps
  const io = new Server(deps.httpServer, {
    serveClient: false,
    cors: { origin: [...deps.origins] },
    maxHttpBufferSize: 100_000,
  })
  const connections: Redis[] = []

  function connect(): Redis {
    const redis = new Redis(deps.redisUrl, { maxRetriesPerRequest: null })
    redis.on('error', (error) => logger.debug('rooms are local while Redis is away', { error }))
    connections.push(redis)
    return redis
  }

  /** @throws WarrenError when the client may not listen to what it asks for */
  async function admit(socket: Socket): Promise<StreamRequest> {
    const { value, error } = handshakeSchema.validate(socket.handshake.auth ?? {})
    if (error) throw new WarrenError('validation_failed', error.message)
    const { token, instance, lastEventId } = value
    const authorization = token ? `Bearer ${token}` : socket.handshake.headers.authorization
    const principal = await authenticate(authorization)
    authorize(principal, { scopes: ['events:read'], boundKeys: true, ...(instance ? { instance } : {}) })
    const only = instance ?? principal.instance
    if (only !== undefined) await requireInstance(principal.organization, only)
    socket.data.stillAllowed = () => authenticate(authorization)
    await socket.join([
      `org:${principal.organization}`,
      `caller:${callerOf(principal)}`,
      ...(only === undefined ? [] : [`instance:${only}`]),
    ])
    return {
      organization: principal.organization,
      ...(only === undefined ? {} : { instance: only }),
      ...(lastEventId === undefined ? {} : { lastEventId }),
    }
  }

  io.use((socket, next) => {
    admit(socket).then(
      (request) => {
        socket.data.request = request
        next()
      },
      (thrown) => {
        const { code, message } = toWarrenError(thrown)
        next(Object.assign(new Error(message), { data: { code } }))
      },
    )
  })

  io.on('connection', (socket) => {
    deps.onCount?.(io.engine.clientsCount)
    const recheck = clock.setInterval(deps.recheckSeconds * 1000, () => {
      socket.data.stillAllowed().catch(() => socket.disconnect(true))
    })
    const opening = open(socket.data.request, outletOf(socket))
    opening.catch((error) => {
      logger.warn('a stream did not open', { error })
      socket.disconnect(true)
    })
    socket.once('disconnect', () => {
      recheck.stop()
      opening.then((stream) => stream.close()).catch(() => {})
      deps.onCount?.(io.engine.clientsCount)
    })
  })

  return {
    start() {
      io.adapter(createAdapter(connect(), connect(), { key: `${deps.redisPrefix}:io` }))
    },
    disconnect: (caller) => io.in(`caller:${caller}`).disconnectSockets(true),
    async stop() {
      io.local.disconnectSockets(true)
      io.engine.close()
      for (const redis of connections) redis.disconnect()
    },
  }
}

/** `ready` tells the first id; then each event comes under the name of its type, with its id behind it. */
function outletOf(socket: Socket): Outlet {
  let waiting = 0
  socket.conn.on('drain', () => {
    waiting = 0
  })
  return {
    send(event, id) {
      waiting += 1
      if (!event) socket.emit('ready', id)
      else socket.emit(event.type, event.envelope, ...(id === undefined ? [] : [id]))
      if (waiting > MAX_WAITING) socket.disconnect(true)
    },
    drained() {
      if (waiting < PAUSE_WAITING || socket.disconnected) return Promise.resolve()
      return new Promise((resolve) => {
        const done = () => {
          socket.conn.off('drain', done)
          socket.off('disconnect', done)
          resolve()
        }
        socket.conn.on('drain', done)
        socket.on('disconnect', done)
      })
    },
    fail: () => socket.disconnect(true),
  }
}
