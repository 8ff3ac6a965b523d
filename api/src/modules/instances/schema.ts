/** The JSON shapes of instances. */
import {
  CONDITION_TYPES,
  CONNECTION_TROUBLES,
  PASSKEY_STAGES,
  POOL_PATTERN,
  protectionSpecSchema,
} from '@warren/contracts'
import Joi from 'joi'
import { INSTANCE_STATES } from './state.ts'

const text = Joi.string()
const time = text.isoDate()
const count = Joi.number().integer()

export const instanceParams = { instance: text.max(310).required().description('Id of the instance.') }
export const phoneNumber = text
  .pattern(/^\d{5,20}$/, 'digits of the international number, without plus')
  .description('International number, digits only.')
export const operatingMode = text
  .valid('Running', 'Suspended')
  .description('`Suspended` stops the session and keeps the link.')
export const deletionPolicy = text
  .valid('Retain', 'Logout', 'Delete')
  .description('What becomes of the link on deletion: kept, ended at WhatsApp, or only forgotten here.')

export const pairingSpec = {
  method: text.valid('QR', 'Code'),
  phoneNumber,
  maxAttempts: count
    .min(1)
    .max(6)
    .description('QRs shown before the pairing waits until someone asks again.'),
  showInStatus: Joi.boolean().description(
    'Whether QR and code appear in the status of the Kubernetes resource.',
  ),
}

/** A secret of the cluster can be named by who may read it there, and so with kubectl alone. */
export const proxySpec = Joi.object({ pool: text.pattern(new RegExp(POOL_PATTERN)).required() }).description(
  'The pool of proxies through which WhatsApp is reached, and never directly.',
)

const account = Joi.object({
  jid: text.required(),
  phone: text.required(),
  lid: text,
  pushName: text.allow(''),
}).meta({ name: 'Account' })

const condition = Joi.object({
  type: text.valid(...CONDITION_TYPES).required(),
  status: text.valid('True', 'False', 'Unknown').required(),
  reason: text.required(),
  message: text.allow('').required(),
  lastTransitionTime: time.required(),
})

export const instanceSchema = Joi.object({
  id: text.required(),
  displayName: text,
  organization: text.required(),
  operatingMode: operatingMode.required(),
  deletionPolicy: deletionPolicy.required(),
  pairing: Joi.object(pairingSpec).required(),
  proxy: Joi.object({
    pool: text,
    secretRef: Joi.object({ name: text.required() }),
    address: text.description('`host:port` of the proxy that the last connection was made through.'),
  }).description('Present when WhatsApp must be reached through proxies.'),
  protection: protectionSpecSchema.description(
    'As it was set; see `/instances/{instance}/protection` for what holds.',
  ),
  state: text
    .valid(...INSTANCE_STATES)
    .required()
    .description('How the session is now.'),
  active: Joi.boolean().required().description('Whether messages can be sent and received now.'),
  reason: text.description('Why it is in this state, for machines.'),
  message: text.allow('').description('Why it is in this state, for people.'),
  since: time,
  account,
  attempt: Joi.object({ number: count.required(), of: count.required(), expiresAt: time }).description(
    'The pairing in progress.',
  ),
  retry: Joi.object({ attempt: count.required(), nextAt: time.required() }),
  lastConnectedAt: time,
  lastDisconnect: Joi.object({
    code: count.required(),
    reason: text.allow('').required(),
    at: time.required(),
  }),
  trouble: Joi.object({
    kind: text.valid(...CONNECTION_TROUBLES).required(),
    since: time.required(),
    message: text.required(),
  }).description('What is wrong with a connection that counts as open.'),
  phoneAway: Joi.object({ lastSeenAt: time.required(), unlinksAt: time.required() }).description(
    'The phone was not heard of for twelve days; WhatsApp ends the link when it stays away.',
  ),
  vitals: Joi.object({
    lastFrameAt: time.required(),
    lastInboundAt: time,
    unansweredSince: time,
    handlingSince: time,
    pingMs: Joi.number().min(0),
    phoneSeenAt: time,
  }).description('The pulse of an open connection, some seconds old.'),
  conditions: Joi.array().items(condition).required(),
  createdAt: time.required(),
}).meta({ name: 'Instance' })

export const pairingSchema = Joi.object({
  method: Joi.valid('qr', 'code').required(),
  qr: text.description('Text to show as a QR.'),
  code: text.description('Eight characters to type on the phone.'),
  passkey: Joi.object({ id: text.required(), stage: text.valid(...PASSKEY_STAGES).required() }).description(
    'WhatsApp asks for a passkey now: neither QR nor code is of use any more.',
  ),
  attempt: count.required(),
  maxAttempts: count.required(),
  expiresAt: time,
}).meta({ name: 'Pairing' })
