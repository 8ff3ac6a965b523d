import { PROTECTION_STATES, protectionSpecSchema, RISK_CAUSES } from '@warren/contracts'
import Joi from 'joi'
import { defineRoute, type PageQuery, pageFields, pageOf } from '../../http/index.ts'
import { instanceParams } from '../instances/index.ts'

const text = Joi.string()
const time = text.isoDate()
const count = Joi.number().integer().min(0)
type InstanceParams = { instance: string }
const params = Joi.object<InstanceParams>(instanceParams)

const state = text.valid(...PROTECTION_STATES)
const cause = text.valid(...RISK_CAUSES)
const score = Joi.number().min(0).max(100).description('Risk: signals raise it, it halves every two hours.')
const tier = Joi.object({ limit: count.required(), used: count.required() })

const protectionSchema = Joi.object({
  state: state.required().description('`slow` sends at half of the limits, `paused` not at all.'),
  since: time.required(),
  score: score.required(),
  cause: cause.description('What tipped the state.'),
  until: time.description('When a pause ends by itself; absent while a person has to resume.'),
  restriction: Joi.object({
    reason: text.valid('restricted', 'capped').required(),
    until: time.required(),
  }).description('WhatsApp lets the account begin no new conversations; those that exist go on.'),
  waiting: count.required().description('Messages that are held back now.'),
  limits: Joi.object({ minute: tier.required(), hour: tier.required(), day: tier.required() }).description(
    'As they hold now, after warm-up and slowing. Absent when they are off.',
  ),
  warmUp: Joi.object({
    since: time.required(),
    factor: Joi.number().min(0).max(1).required().description('Share of the full limits.'),
  }),
  settings: protectionSpecSchema.required(),
}).meta({ name: 'Protection' })

const incidentSchema = Joi.object({
  at: time.required(),
  state: state.required(),
  previous: state.required(),
  score: score.required(),
  cause,
  message: text.required(),
  until: time,
}).meta({ name: 'Incident' })

const FROM_THE_SESSION = ['not_found', 'session_unavailable', 'session_timeout'] as const

export const getProtection = defineRoute<{ params: InstanceParams }>({
  id: 'getProtection',
  method: 'get',
  path: '/instances/:instance/protection',
  summary: 'How the account is protected at this moment',
  access: ['instances:read'],
  rate: 'api',
  request: { params },
  success: { status: 200, description: 'State, risk and limits.', schema: protectionSchema },
  errors: FROM_THE_SESSION,
})

export const resumeSending = defineRoute<{ params: InstanceParams }>({
  id: 'resumeSending',
  method: 'post',
  path: '/instances/:instance/protection/resume',
  summary: 'Resume sending after a pause',
  description:
    'A paused account goes on at half speed; an account that is slow goes on at full speed. A restriction by WhatsApp is not lifted by this.',
  access: ['instances:write'],
  rate: 'api',
  request: { params },
  success: { status: 200, description: 'The state as it is now.', schema: protectionSchema },
  errors: FROM_THE_SESSION,
})

export const listIncidents = defineRoute<{ params: InstanceParams; query: PageQuery }>({
  id: 'listIncidents',
  method: 'get',
  path: '/instances/:instance/protection/incidents',
  summary: 'What put the account at risk, newest first',
  access: ['instances:read'],
  rate: 'api',
  request: { params, query: Joi.object<PageQuery>(pageFields) },
  success: { status: 200, description: 'Incidents.', schema: pageOf(incidentSchema) },
  errors: ['not_found'],
})
