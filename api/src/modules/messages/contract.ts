import { MESSAGE_STATUSES, WAITING_REASONS } from '@warren/contracts'
import Joi from 'joi'
import { defineRoute, type PageQuery, pageFields, pageOf } from '../../http/index.ts'
import { instanceParams } from '../instances/index.ts'
import type { NewMessage } from './service.ts'

const text = Joi.string()
const time = text.isoDate()
const failure = Joi.object({
  code: text.required(),
  message: text.allow('').required(),
  whatsappCode: Joi.number().integer(),
  until: time.description('When the restriction by WhatsApp ends that it failed for.'),
})
const waiting = {
  reason: text
    .valid(...WAITING_REASONS)
    .required()
    .description('Why it does not go out yet.'),
  position: Joi.number().integer().min(1).required().description('1 is the next one.'),
  expectedAt: time.description('Absent where nobody can know: a person has to resume.'),
}
export const addressSchema = Joi.object({ jid: text.required(), lid: text, pn: text }).meta({
  name: 'Address',
})

const image = Joi.object({
  mimetype: text.required(),
  size: Joi.number().integer(),
  sha256: text,
  width: Joi.number().integer(),
  height: Joi.number().integer(),
  caption: text.allow(''),
  available: Joi.boolean().required().description('Whether the bytes can be fetched.'),
  error: failure,
})

export const messageSchema = Joi.object({
  id: text.required().description("WhatsApp's id of the message."),
  instance: text.required(),
  chat: addressSchema.required(),
  sender: addressSchema.description('Absent for messages of the account itself.'),
  fromMe: Joi.boolean().required(),
  timestamp: time.required(),
  pushName: text.allow(''),
  type: Joi.valid('text', 'image', 'unsupported').required(),
  text: text.allow(''),
  image,
  kind: text.description("WhatsApp's name of a kind that is not read."),
  status: text.valid(...MESSAGE_STATUSES).description('How far a message of the account has come.'),
  statusAt: time,
  error: failure.description('Why it failed.'),
  waitingFor: Joi.object({ ...waiting, since: time.required() }).description(
    'Present while something holds it back for more than a moment.',
  ),
  category: text.valid('marketing'),
  readAt: time.description('When a received message was marked as read over REST.'),
}).meta({ name: 'Message' })

type InstanceParams = { instance: string }
const params = Joi.object<InstanceParams>(instanceParams)
const messageId = text.pattern(/^[\w.:-]{1,128}$/, 'message id')

// biome-ignore lint/suspicious/noThenProperty: joi's word for the branch
const requiredOrForbidden = { then: Joi.required(), otherwise: Joi.forbidden() }

/** A field that one type of message needs and every other refuses. */
const onlyFor = (type: NewMessage['type'], schema: Joi.Schema) =>
  schema.when('type', { is: type, ...requiredOrForbidden })

export const sendMessage = defineRoute<{ params: InstanceParams; body: NewMessage }>({
  id: 'sendMessage',
  method: 'post',
  path: '/instances/:instance/messages',
  summary: 'Send a message',
  description:
    'Answers as soon as the message cannot be lost any more. Its way from there is told by `status`, over events and over REST. With an idempotency key a repeated request sends nothing twice.',
  access: ['messages:write'],
  rate: 'messages',
  idempotent: true,
  request: {
    params,
    body: Joi.object<NewMessage>({
      to: text
        .max(100)
        .required()
        .description('International phone number, JID of a person or group, or id of a contact.'),
      type: text.valid('text', 'image').required(),
      category: text
        .valid('transactional', 'marketing')
        .description('`marketing` is refused to contacts who opted out. Default: transactional.'),
      text: onlyFor('text', text.min(1).max(65_536)),
      image: onlyFor(
        'image',
        Joi.object({
          mediaId: text.max(64).required().description('From `POST /media`.'),
          caption: text.max(1024),
        }),
      ),
    }),
  },
  success: { status: 202, description: 'Accepted.', schema: messageSchema },
  errors: ['not_found', 'media_unavailable', 'recipient_opted_out'],
})

export const listMessages = defineRoute<{ params: InstanceParams; query: PageQuery & { chat?: string } }>({
  id: 'listMessages',
  method: 'get',
  path: '/instances/:instance/messages',
  summary: 'Messages, newest first',
  access: ['messages:read'],
  rate: 'api',
  request: {
    params,
    query: Joi.object({
      ...pageFields,
      chat: text.max(100).description('Phone number, JID of a chat, or id of a contact.'),
    }),
  },
  success: { status: 200, description: 'Messages.', schema: pageOf(messageSchema) },
  errors: ['not_found'],
})

export const listQueue = defineRoute<{ params: InstanceParams; query: { limit?: number } }>({
  id: 'listQueue',
  method: 'get',
  path: '/instances/:instance/queue',
  summary: 'Messages that wait to be sent, in the order in which they will go',
  description:
    'What the session holds back at this moment because of limits, pacing, a pause or a restriction. It reads some hundred messages ahead; those behind them are shown as `queued` in the list of messages.',
  access: ['messages:read'],
  rate: 'api',
  request: { params, query: Joi.object({ limit: Joi.number().integer().min(1).max(500) }) },
  success: {
    status: 200,
    description: 'The queue.',
    schema: Joi.object({
      total: Joi.number().integer().min(0).required(),
      items: Joi.array()
        .items(
          Joi.object({ id: text.required(), to: text.required(), ...waiting }).meta({
            name: 'WaitingMessage',
          }),
        )
        .required(),
    }),
  },
  errors: ['not_found', 'session_unavailable', 'session_timeout'],
})

export const getMessage = defineRoute<{ params: InstanceParams & { message: string } }>({
  id: 'getMessage',
  method: 'get',
  path: '/instances/:instance/messages/:message',
  summary: 'One message with its status',
  access: ['messages:read'],
  rate: 'api',
  request: { params: Joi.object({ ...instanceParams, message: messageId.required() }) },
  success: { status: 200, description: 'The message.', schema: messageSchema },
  errors: ['not_found'],
})

export const markRead = defineRoute<{ params: InstanceParams; body: { messageIds: string[] } }>({
  id: 'markMessagesRead',
  method: 'post',
  path: '/instances/:instance/messages/read',
  summary: 'Mark received messages as read',
  access: ['messages:write'],
  rate: 'api',
  request: {
    params,
    body: Joi.object({ messageIds: Joi.array().items(messageId).unique().min(1).max(100).required() }),
  },
  success: {
    status: 200,
    description: 'How many were marked.',
    schema: Joi.object({ marked: Joi.number().integer().min(0).required() }),
  },
  errors: ['not_found', 'not_connected', 'session_unavailable', 'session_timeout'],
})
