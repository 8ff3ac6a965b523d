import Joi from 'joi'
import { defineRoute } from '../../http/index.ts'
import { instanceParams } from '../instances/index.ts'

export type StreamQuery = { lastEventId?: string }

const lastEventId = Joi.string()
  .max(65_536)
  .description('Like the header `Last-Event-ID`, for clients that cannot set it.')

const STREAM = {
  status: 200,
  description:
    'A stream of server-sent events. `data` is the event of the catalogue as JSON, `event` its type, `id` where to go on. Events without an id are passing and are not repeated. `end` is the last one when the token has ended or allows this no more; its data names the error code.',
  types: ['text/event-stream'],
} as const

export const streamEvents = defineRoute<{ query: StreamQuery }>({
  id: 'streamEvents',
  method: 'get',
  path: '/events',
  summary: 'All events of the organisation, live',
  description:
    'With `Last-Event-ID` everything after that event comes first, from any replica, without gap or repetition.',
  access: ['events:read'],
  boundKeys: true,
  rate: 'api',
  request: { query: Joi.object<StreamQuery>({ lastEventId }) },
  success: STREAM,
  errors: [],
})

export const streamInstanceEvents = defineRoute<{ params: { instance: string }; query: StreamQuery }>({
  id: 'streamInstanceEvents',
  method: 'get',
  path: '/instances/:instance/events',
  summary: 'All events of one instance, live',
  access: ['events:read'],
  rate: 'api',
  request: { params: Joi.object(instanceParams), query: Joi.object<StreamQuery>({ lastEventId }) },
  success: STREAM,
  errors: ['not_found'],
})
