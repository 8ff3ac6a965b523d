import Joi from 'joi'
import { defineRoute, type PageQuery, pageFields, pageOf } from '../../http/index.ts'
import { instanceParams } from '../instances/index.ts'

const text = Joi.string()

export const chatSchema = Joi.object({
  jid: text.required().description('Key of the chat: the hidden id (LID) of a person where it is known.'),
  kind: text.valid('person', 'group', 'other').required(),
  phone: text.description('International number, digits only.'),
  lid: text.description('The hidden id as a JID.'),
  pn: text.description('The phone number as a JID.'),
  contact: text.description('Id of the contact.'),
  name: text.allow('').description('The name that the person shows.'),
  unread: Joi.number().integer().min(0).required(),
  lastMessage: Joi.object({
    id: text.required(),
    fromMe: Joi.boolean().required(),
    type: text.required(),
    preview: text.allow(''),
    timestamp: text.isoDate().required(),
  }),
}).meta({ name: 'Chat' })

export const listChats = defineRoute<{ params: { instance: string }; query: PageQuery }>({
  id: 'listChats',
  method: 'get',
  path: '/instances/:instance/chats',
  summary: 'Chats, the most recent first',
  access: ['messages:read'],
  rate: 'api',
  request: { params: Joi.object(instanceParams), query: Joi.object<PageQuery>(pageFields) },
  success: { status: 200, description: 'Chats.', schema: pageOf(chatSchema) },
  errors: ['not_found'],
})

export const getChat = defineRoute<{ params: { instance: string; chat: string } }>({
  id: 'getChat',
  method: 'get',
  path: '/instances/:instance/chats/:chat',
  summary: 'One chat',
  access: ['messages:read'],
  rate: 'api',
  request: {
    params: Joi.object({
      ...instanceParams,
      chat: text
        .max(100)
        .required()
        .description('Id of the contact, phone number with or without plus, or JID of a person or group.'),
    }),
  },
  success: { status: 200, description: 'The chat.', schema: chatSchema },
  errors: ['not_found'],
})
