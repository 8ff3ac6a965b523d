import { type InstanceSpec, protectionSpecSchema } from '@warren/contracts'
import type { SpecPatch } from '@warren/runtime/cluster'
import Joi from 'joi'
import { defineRoute, type PageQuery, pageFields, pageOf, type RouteContract } from '../../http/index.ts'
import {
  deletionPolicy,
  instanceParams,
  instanceSchema,
  operatingMode,
  pairingSchema,
  pairingSpec,
  phoneNumber,
  proxySpec,
} from './schema.ts'
import type { NewInstance } from './service.ts'

type InstanceParams = { instance: string }
const params = Joi.object<InstanceParams>(instanceParams)
const displayName = Joi.string().trim().min(1).max(100).description('A name for people.')
const anInstance = (status: number, description: string): RouteContract['success'] => ({
  status,
  description,
  schema: instanceSchema,
})

export const createInstance = defineRoute<{ body: NewInstance }>({
  id: 'createInstance',
  method: 'post',
  path: '/instances',
  summary: 'Create an instance',
  description: 'Makes a WhatsAppInstance resource; a session starts and waits to be linked.',
  access: ['instances:write'],
  rate: 'api',
  idempotent: true,
  request: {
    body: Joi.object<NewInstance>({
      displayName,
      operatingMode,
      deletionPolicy,
      pairing: Joi.object(pairingSpec),
      protection: protectionSpecSchema,
      proxy: proxySpec,
    }),
  },
  success: anInstance(201, 'The new instance.'),
  errors: ['plan_limit_reached', 'conflict'],
})

export const listInstances = defineRoute<{ query: PageQuery }>({
  id: 'listInstances',
  method: 'get',
  path: '/instances',
  summary: 'The instances of the organisation',
  access: ['instances:read'],
  boundKeys: true,
  rate: 'api',
  request: { query: Joi.object<PageQuery>(pageFields) },
  success: { status: 200, description: 'Instances by id.', schema: pageOf(instanceSchema) },
  errors: [],
})

export const getInstance = defineRoute<{ params: InstanceParams }>({
  id: 'getInstance',
  method: 'get',
  path: '/instances/:instance',
  summary: 'One instance with its live state',
  access: ['instances:read'],
  rate: 'api',
  request: { params },
  success: anInstance(200, 'The instance.'),
  errors: ['not_found'],
})

export const updateInstance = defineRoute<{ params: InstanceParams; body: SpecPatch }>({
  id: 'updateInstance',
  method: 'patch',
  path: '/instances/:instance',
  summary: 'Change an instance',
  description:
    'Fields that are absent stay; null removes one. The phone number is fixed while an account is linked.',
  access: ['instances:write'],
  rate: 'api',
  request: {
    params,
    body: Joi.object<SpecPatch>({
      displayName: displayName.allow(null),
      operatingMode,
      deletionPolicy,
      pairing: Joi.object({ ...pairingSpec, phoneNumber: phoneNumber.allow(null) }),
      proxy: proxySpec.allow(null),
      protection: protectionSpecSchema.allow(null).description('A change restarts the session.'),
    }).min(1),
  },
  success: anInstance(200, 'The instance as it is now.'),
  errors: ['not_found', 'conflict'],
})

type DeleteQuery = { deletionPolicy?: InstanceSpec['deletionPolicy'] }

export const deleteInstance = defineRoute<{ params: InstanceParams; query: DeleteQuery }>({
  id: 'deleteInstance',
  method: 'delete',
  path: '/instances/:instance',
  summary: 'Delete an instance',
  access: ['instances:write'],
  rate: 'api',
  request: {
    params,
    query: Joi.object<DeleteQuery>({
      deletionPolicy: deletionPolicy.description('Replaces the policy of the instance.'),
    }),
  },
  success: anInstance(202, 'The session is being ended.'),
  errors: ['not_found', 'conflict'],
})

export const getQr = defineRoute<{ params: InstanceParams }>({
  id: 'getQr',
  method: 'get',
  path: '/instances/:instance/qr',
  summary: 'The QR to scan now',
  description:
    'JSON, or an image where `Accept` asks for one. A QR is replaced after some seconds: `expiresAt`.',
  access: ['instances:write'],
  rate: 'api',
  request: { params },
  success: {
    status: 200,
    description: 'The QR.',
    schema: pairingSchema,
    types: ['application/json', 'image/png', 'image/svg+xml'],
  },
  errors: [
    'not_found',
    'already_paired',
    'pairing_unavailable',
    'suspended',
    'session_unavailable',
    'session_timeout',
  ],
})

const qrImage = (id: string, extension: string, type: string) =>
  defineRoute<{ params: InstanceParams }>({
    ...getQr,
    id,
    path: `/instances/:instance/qr.${extension}`,
    summary: `The QR to scan now, as ${extension.toUpperCase()}`,
    description: '',
    success: { status: 200, description: 'An image.', types: [type] },
  })
export const getQrPng = qrImage('getQrPng', 'png', 'image/png')
export const getQrSvg = qrImage('getQrSvg', 'svg', 'image/svg+xml')

const PAIRING_ERRORS = [
  'not_found',
  'already_paired',
  'suspended',
  'session_unavailable',
  'session_timeout',
] as const

export const startQr = defineRoute<{ params: InstanceParams }>({
  id: 'startQr',
  method: 'post',
  path: '/instances/:instance/qr',
  summary: 'Begin to link by QR',
  description: 'Also after the attempts were used up. Returns the pairing in progress when there is one.',
  access: ['instances:write'],
  rate: 'api',
  request: { params },
  success: { status: 200, description: 'The pairing.', schema: pairingSchema },
  errors: PAIRING_ERRORS,
})

export const startCode = defineRoute<{ params: InstanceParams; body: { phoneNumber?: string } }>({
  id: 'startPairingCode',
  method: 'post',
  path: '/instances/:instance/pairing-code',
  summary: 'Begin to link by a code',
  access: ['instances:write'],
  rate: 'api',
  request: {
    params,
    body: Joi.object({ phoneNumber: phoneNumber.description('Default: the number of the instance.') }),
  },
  success: { status: 200, description: 'The code to type on the phone.', schema: pairingSchema },
  errors: PAIRING_ERRORS,
})

const action = (id: string, name: string, summary: string, status: number, errors: RouteContract['errors']) =>
  defineRoute<{ params: InstanceParams }>({
    id,
    method: 'post',
    path: `/instances/:instance/${name}`,
    summary,
    access: ['instances:write'],
    rate: 'api',
    request: { params },
    success: anInstance(status, 'The instance.'),
    errors: ['not_found', ...errors],
  })

export const restartInstance = action('restartInstance', 'restart', 'Restart the session', 202, ['conflict'])
export const logoutInstance = action('logoutInstance', 'logout', 'End the link at WhatsApp', 200, [
  'not_paired',
  'not_connected',
  'session_unavailable',
  'session_timeout',
])
export const disconnectInstance = action(
  'disconnectInstance',
  'disconnect',
  'Close the connection, or end a pairing, until someone asks again',
  200,
  ['session_unavailable', 'session_timeout'],
)
