/**
 * Socket.IO: the same streams as SSE over another protocol. Each socket has a stream of its own, so that order and resume hold for it; the
 * Redis adapter joins the rooms of all replicas. A caller that has ended is put out by each replica itself (`clients.ts`).
 *
 * Clients without sticky sessions in front must choose the transport `websocket`.
 */
import type { Server as HttpServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import { type ErrorCode, type InstanceId, WarrenError } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { Logger } from '@warren/runtime/logger'
import { Redis } from 'ioredis'
import Joi from 'joi'
import { Server, type Socket } from 'socket.io'
import { authorize, type RateLimiter } from '../../http/index.ts'
import { toWarrenError } from '../../http/problem.ts'
import { addressBudget } from '../../http/rate-limit.ts'
import { callerOf, endsStream, type StreamClients } from './clients.ts'
import type { EventsDeps } from './index.ts'
import type { OpenStream, Outlet, StreamRequest } from './stream.ts'

export type SocketServer = {
  start(): void
  stop(): Promise<void>
}

/** What a client sends when it connects. */
type Handshake = { token?: string; instance?: InstanceId; lastEventId?: string }

const handshakeSchema = Joi.object<Handshake>({
  token: Joi.string().max(4096),
  instance: Joi.string().max(310),
  lastEventId: Joi.string().max(65_536),
})

/** How many events that wait for a slow client make a replay pause. */
const PAUSE_WAITING = 100

export function createSocketServer(
  deps: Omit<EventsDeps, 'sse'> & {
    httpServer: HttpServer
    open: OpenStream
    streams: StreamClients
    limiter: RateLimiter
    /** Proxies in front whose `X-Forwarded-For` is believed. */
    trustProxy: number
    /** Unsent bytes after which a slow client is disconnected. */
    bufferBytes: number
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
  const { authenticate, requireInstance, open, streams, limiter, clock, logger } = deps
  const io = new Server(deps.httpServer, {
    serveClient: false,
    cors: { origin: [...deps.origins] },
    maxHttpBufferSize: 100_000,
  })
  const connections: Redis[] = []

  function connect(): Redis {
    const redis = new Redis(deps.redisUrl, { maxRetriesPerRequest: null })
    redis.on('error', (error) => logger.debug('rooms are local while Redis is away', { error }))
    forgiveFailures(redis)
    connections.push(redis)
    return redis
  }

  /** @throws WarrenError when the client may not listen to what it asks for */
  async function admit(socket: Socket): Promise<StreamRequest> {
    const { value, error } = handshakeSchema.validate(socket.handshake.auth ?? {})
    if (error) throw new WarrenError('validation_failed', error.message)
    const { token, instance, lastEventId } = value
    const authorization = token ? `Bearer ${token}` : socket.handshake.headers.authorization
    const check = async () => {
      const principal = await authenticate(authorization)
      authorize(principal, { scopes: ['events:read'], boundKeys: true, ...(instance ? { instance } : {}) })
      const only = instance ?? principal.instance
      if (only !== undefined) await requireInstance(principal.organization, only)
      return { principal, only }
    }
    const { principal, only } = await check().catch(async (error) => {
      await limiter.take('api', addressOf(socket, deps.trustProxy))
      throw error
    })
    await limiter.take('api', `${principal.kind}:${principal.id}`)
    socket.data.stillAllowed = check
    const release = streams.add(principal, (code) => end(socket, code))
    socket.conn.once('close', release)
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
      socket.data.stillAllowed().catch((thrown: unknown) => {
        const { code } = toWarrenError(thrown)
        if (endsStream(code)) end(socket, code)
      })
    })
    const opening = open(socket.data.request, outletOf(socket, deps.bufferBytes))
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
    async stop() {
      io.local.disconnectSockets(true)
      io.engine.close()
      for (const redis of connections) redis.disconnect()
    },
  }
}

/**
 * The adapter leaves the promises of its commands to themselves. What still waits when the connection ends is rejected, which would end
 * the process: here a failure of a command is nobody's error.
 */
function forgiveFailures(redis: Redis): void {
  const send = redis.sendCommand.bind(redis)
  redis.sendCommand = (command, stream) => {
    command.promise.catch(() => {})
    return send(command, stream)
  }
}

/** The client learns why, so that it does not come back with a token that will be refused. */
function end(socket: Socket, code: ErrorCode): void {
  socket.emit('end', { code })
  socket.disconnect(true)
}

/** The budget of whoever could not say who it is: as Express finds it behind proxies. */
function addressOf({ request, handshake }: Socket, trustProxy: number): string {
  const forwarded = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((address) => address.trim())
    .filter(Boolean)
  const nearestFirst = [handshake.address, ...forwarded.reverse()]
  return addressBudget(nearestFirst[Math.min(trustProxy, nearestFirst.length - 1)])
}

/** `ready` tells the first id; then each event comes under the name of its type, with its id behind it. */
function outletOf(socket: Socket, bufferBytes: number): Outlet {
  let waiting = 0
  let bytes = 0
  socket.conn.on('drain', () => {
    waiting = 0
    bytes = 0
  })
  return {
    send(event, id) {
      waiting += 1
      bytes += event ? Buffer.byteLength(event.json) : 0
      if (!event) socket.emit('ready', id)
      else socket.emit(event.type, event.envelope, ...(id === undefined ? [] : [id]))
      if (bytes > bufferBytes) socket.disconnect(true)
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
