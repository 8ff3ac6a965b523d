import Joi from 'joi'
import { Refusal } from '../world/errors.ts'

const number = Joi.string()
  .pattern(/^\d{5,15}$/)
  .messages({ 'string.pattern.base': '{{#label}} must be 5 to 15 digits' })
const milliseconds = Joi.number().integer().min(0).max(3_600_000)
const device = Joi.number().integer().min(1)
const statusCode = Joi.number().integer().min(100).max(999)
const times = Joi.number().integer().min(1)

const PLAIN_ENDINGS = ['deviceRemoved', 'replaced', 'streamEnd', 'close', 'terminate', 'downgrade', 'garbage']

const behaviour = {
  deliverAfterMs: milliseconds.allow(null),
  readAfterMs: milliseconds.allow(null),
  echo: Joi.boolean(),
  failDecrypts: Joi.number().integer().min(0),
  registered: Joi.boolean(),
}

/** The inputs of the operations, checked the same for callers in the process and over HTTP. */
export const schemas = {
  number: number.required().label('number'),
  device: device.required().label('device'),
  qr: Joi.string().max(2000).required().label('qr'),
  code: Joi.string().min(8).max(20).required().label('code'),
  phone: Joi.object({
    number: number.required(),
    pushName: Joi.string().max(100),
    initialSync: Joi.boolean(),
    passkey: Joi.object({
      credentialId: Joi.string()
        .pattern(/^[\w-]+$/)
        .max(2_000)
        .required(),
      publicKey: Joi.string().base64().max(2_000).required(),
    }).allow(null),
  }),
  contact: Joi.object({ number: number.required(), pushName: Joi.string().max(100), ...behaviour }),
  behaviour: Joi.object(behaviour),
  message: Joi.object({
    to: number.required(),
    text: Joi.string().allow('').max(65_536),
    image: Joi.object({ data: Joi.string().base64().required(), mimetype: Joi.string().max(100) }),
    addressing: Joi.string().valid('pn', 'lid'),
    alone: Joi.boolean(),
    id: Joi.string().max(100),
    undecryptable: Joi.boolean(),
  }).or('text', 'image'),
  group: Joi.object({
    members: Joi.array().items(number.required()).min(2).max(1_000).unique().required(),
    subject: Joi.string().max(100),
    addressing: Joi.string().valid('pn', 'lid'),
  }),
  groupMessage: Joi.object({
    from: number.required(),
    text: Joi.string().allow('').max(65_536).required(),
    id: Joi.string().max(100),
  }),
  presence: Joi.object({
    to: number.required(),
    state: Joi.string().valid('available', 'unavailable', 'composing', 'recording', 'paused').required(),
  }),
  faults: Joi.object({
    silence: Joi.boolean(),
    latency: Joi.object({ inMs: milliseconds, outMs: milliseconds }),
    loginFailure: Joi.object({
      reason: statusCode.required(),
      attrs: Joi.object().pattern(Joi.string(), Joi.string()),
      times,
    }),
    withholdAcks: Joi.boolean(),
    deaf: Joi.boolean(),
    refuseGroups: statusCode,
    ackError: Joi.object({ code: statusCode.required(), times }),
    reachoutTimelock: Joi.object({ until: Joi.number().integer().min(0).required() }),
    messageCap: Joi.object({
      status: Joi.string().valid('NONE', 'FIRST_WARNING', 'SECOND_WARNING', 'CAPPED').required(),
      until: Joi.number().integer().min(0),
    }),
    ignoreIqs: Joi.alternatives(Joi.boolean(), Joi.array().items(Joi.string())),
    companionRegRefresh: Joi.boolean(),
    refuseCode: statusCode,
    passkey: Joi.string().valid('noOptions', 'refusePrologue', 'noContinuation'),
    upgradeStatus: Joi.number().integer().min(400).max(599),
    refuseConnections: Joi.boolean(),
  }),
  endEvent: Joi.object({
    event: Joi.string()
      .valid('streamError', ...PLAIN_ENDINGS)
      .required(),
    // biome-ignore lint/suspicious/noThenProperty: Joi's vocabulary
    code: Joi.when('event', { is: 'streamError', then: statusCode, otherwise: Joi.forbidden() }),
    // biome-ignore lint/suspicious/noThenProperty: Joi's vocabulary
    child: Joi.when('event', { is: 'streamError', then: Joi.string().max(50), otherwise: Joi.forbidden() }),
    attrs: Joi.object().pattern(Joi.string(), Joi.string()).when('child', {
      not: Joi.exist(),
      // biome-ignore lint/suspicious/noThenProperty: Joi's vocabulary
      then: Joi.forbidden(),
    }),
  }),
  target: Joi.object({ number, device }),
  ledgerFilter: Joi.object({
    direction: Joi.string().valid('fromSession', 'toSession'),
    account: number,
    device,
    peer: Joi.string(),
    id: Joi.string(),
    kind: Joi.string(),
    since: Joi.number().integer().min(0),
  }),
  drained: Joi.object({ number, timeoutMs: Joi.number().integer().min(0).max(600_000) }),
} as const

/** Returns the value with numbers and booleans converted; refuses naming the first field that is wrong. */
export const check = <T>(schema: Joi.Schema, value: unknown): T => {
  const { error, value: checked } = schema.validate(value)
  const [detail] = error?.details ?? []
  if (!detail) return checked as T
  throw new Refusal('invalid_request', detail.message, detail.path.join('.') || detail.context?.label)
}
