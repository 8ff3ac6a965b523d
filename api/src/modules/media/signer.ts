/** Signed URLs for session pods, which have no credentials for the object store. */
import {
  CHANNELS,
  type MediaRequest,
  type MediaResponse,
  ORGANIZATION_PATTERN,
  sessionKeyOf,
  WarrenError,
} from '@warren/contracts'
import type { Bus, Subscription } from '@warren/runtime/bus'
import { assertObjectKey, type ObjectStore } from '@warren/runtime/object-store'
import type { SessionReader } from '@warren/runtime/session-store'
import Joi from 'joi'

export type MediaSigner = { start(): void; stop(): void }

/** What WhatsApp itself takes at most of any kind. */
const MAX_BYTES = 2 * 1024 ** 3

const organization = Joi.string().pattern(new RegExp(ORGANIZATION_PATTERN)).required()
const requestSchema = Joi.alternatives<MediaRequest>(
  Joi.object({ op: Joi.valid('download').required(), organization, key: Joi.string().max(900).required() }),
  Joi.object({
    op: Joi.valid('upload').required(),
    organization,
    instance: Joi.string().max(310).required(),
    messageId: Joi.string().max(128).required(),
    mimetype: Joi.string().max(100).required(),
    size: Joi.number().integer().min(0).max(MAX_BYTES).required(),
  }),
)

export function createMediaSigner(deps: {
  bus: Pick<Bus, 'serve'>
  sessions: Pick<SessionReader, 'session'>
  store: ObjectStore
  urlSeconds: number
}): MediaSigner {
  const { bus, sessions, store, urlSeconds } = deps
  let subscription: Subscription | undefined

  async function sign(message: unknown): Promise<MediaResponse> {
    const { value: request, error } = requestSchema.validate(message)
    if (error || !request) throw new WarrenError('validation_failed', error?.message)
    const expiresSeconds = urlSeconds
    if (request.op === 'download') {
      const { key } = request
      assertObjectKey(key)
      const own = [`uploads/${request.organization}/`, `media/${request.organization}/`]
      if (!own.some((prefix) => key.startsWith(prefix))) throw new WarrenError('forbidden')
      return { key, url: await store.presignGet(key, { expiresSeconds }) }
    }
    const { instance, messageId, mimetype: contentType, size: bytes } = request
    if (!(await sessions.session(sessionKeyOf(request)))) throw new WarrenError('forbidden')
    const key = `media/${request.organization}/${instance}/${messageId}`
    const { url, headers } = await store.presignPut(key, { expiresSeconds, contentType, bytes })
    return { key, url, headers }
  }

  return {
    start() {
      subscription = bus.serve(CHANNELS.media, sign)
    },
    stop: () => subscription?.stop(),
  }
}
