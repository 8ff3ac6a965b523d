import Joi from 'joi'
import { defineRoute, type PageQuery, pageFields, pageOf } from '../../http/index.ts'
import { instanceParams } from '../instances/index.ts'

const text = Joi.string()
type InstanceParams = { instance: string }
const params = Joi.object<InstanceParams>(instanceParams)

export const contactSchema = Joi.object({
  id: text
    .required()
    .description(
      'Of this person in this instance. It changes once if the number is known before the hidden id (`contact.merged`); the old one is still found.',
    ),
  jid: text.required().description('Key: the hidden id (LID) where it is known, else the phone number.'),
  phone: text.description('International number, digits only. Absent where WhatsApp hides it.'),
  lid: text.description('The hidden id as a JID.'),
  pn: text.description('The phone number as a JID.'),
  mapping: Joi.object({
    source: text.valid('message', 'whatsapp').required(),
    since: text.isoDate().required(),
  }).description('What told that the two are one person, and when.'),
  username: text.description(
    'By which the person wants to be found, where WhatsApp told it. Not unique for good.',
  ),
  name: text.allow('').description('The name that the person shows.'),
  optedOutAt: text
    .isoDate()
    .description('When the person asked for no more marketing, by a reply such as STOP.'),
}).meta({ name: 'Contact' })

export const listContacts = defineRoute<{
  params: InstanceParams
  query: PageQuery & { optedOut?: boolean }
}>({
  id: 'listContacts',
  method: 'get',
  path: '/instances/:instance/contacts',
  summary: 'Contacts by key',
  access: ['contacts:read'],
  rate: 'api',
  request: {
    params,
    query: Joi.object({
      ...pageFields,
      optedOut: Joi.boolean().description('Only those who did, or who did not, ask for no more marketing.'),
    }),
  },
  success: { status: 200, description: 'Contacts.', schema: pageOf(contactSchema) },
  errors: ['not_found'],
})

const contactParams = Joi.object({
  ...instanceParams,
  contact: text
    .max(100)
    .required()
    .description('Id of the contact, phone number with or without plus, or JID in either form.'),
})

export const getContact = defineRoute<{ params: InstanceParams & { contact: string } }>({
  id: 'getContact',
  method: 'get',
  path: '/instances/:instance/contacts/:contact',
  summary: 'One contact',
  access: ['contacts:read'],
  rate: 'api',
  request: { params: contactParams },
  success: { status: 200, description: 'The contact.', schema: contactSchema },
  errors: ['not_found'],
})

export const optIn = defineRoute<{ params: InstanceParams & { contact: string } }>({
  id: 'optInContact',
  method: 'post',
  path: '/instances/:instance/contacts/:contact/opt-in',
  summary: 'Take back the opt-out of a contact',
  description: 'For a contact who agreed again, outside of WhatsApp for instance.',
  access: ['messages:write'],
  rate: 'api',
  request: { params: contactParams },
  success: { status: 204, description: 'The contact gets marketing again.' },
  errors: ['not_found', 'session_unavailable', 'session_timeout'],
})

/** At most 50: WhatsApp looks unkindly on accounts that ask for more. */
const phoneNumbers = Joi.array().items(text.max(30)).unique().min(1).max(50)

export const checkNumbers = defineRoute<{ params: InstanceParams; body: { phoneNumbers: string[] } }>({
  id: 'checkNumbers',
  method: 'post',
  path: '/instances/:instance/numbers/check',
  summary: 'Which numbers are on WhatsApp',
  access: ['contacts:read'],
  rate: 'api',
  request: { params, body: Joi.object({ phoneNumbers: phoneNumbers.required() }) },
  success: {
    status: 200,
    description: 'One result for each number, in the order asked.',
    schema: Joi.object({
      results: Joi.array()
        .items(
          Joi.object({
            phoneNumber: text.required(),
            exists: Joi.boolean().required(),
            jid: text,
            lid: text,
          }),
        )
        .required(),
    }),
  },
  errors: ['not_found', 'not_connected', 'session_unavailable', 'session_timeout'],
})
