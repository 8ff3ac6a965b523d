import {
  type ErrorCode,
  PASSKEY_STAGES,
  type PasskeyAssertion,
  passkeyAssertionSchema,
} from '@warren/contracts'
import Joi from 'joi'
import { definePublicRoute, defineRoute } from '../../http/index.ts'
import { instanceParams } from '../instances/index.ts'

type InstanceParams = { instance: string }
const params = Joi.object<InstanceParams>(instanceParams)
const time = Joi.string().isoDate()
const id = Joi.string().max(64).required().description('Id of the attempt, as the step names it.')

const stepSchema = Joi.object({
  id: id,
  stage: Joi.valid(...PASSKEY_STAGES)
    .required()
    .description(
      'What is waited for: the `assertion` of the person, the `phone`, the `confirmation` of the code, or the end of the `link`.',
    ),
  options: Joi.object()
    .unknown()
    .description('For `PublicKeyCredential.parseRequestOptionsFromJSON`, while an assertion is waited for.'),
  confirmationCode: Joi.string().description('Must be the one that the phone shows.'),
  expiresAt: time.required(),
}).meta({ name: 'PasskeyStep' })

const helperSchema = Joi.object({
  token: Joi.string()
    .required()
    .description('Hands in one assertion for this attempt, and can do nothing else.'),
  url: Joi.string()
    .required()
    .description('A page for the person who has the passkey; the token is in its fragment.'),
  expiresAt: time.required(),
}).meta({ name: 'PasskeyHelper' })

const STEP_ERRORS = [
  'passkey_not_asked',
  'passkey_refused',
  'passkey_expired',
  'already_paired',
  'session_unavailable',
  'session_timeout',
] as const satisfies readonly ErrorCode[]
const TENANT_ERRORS = [...STEP_ERRORS, 'not_found', 'suspended'] as const
const HELPER_ERRORS = [...TENANT_ERRORS, 'unauthenticated', 'token_expired'] as const

const aStep = (description: string) => ({ status: 200, description, schema: stepSchema })

export const getPasskey = defineRoute<{ params: InstanceParams }>({
  id: 'getPasskey',
  method: 'get',
  path: '/instances/:instance/pairing/passkey',
  summary: 'The passkey step of the pairing in progress',
  description: 'WhatsApp asks some accounts for a passkey before it links a device.',
  access: ['instances:write'],
  rate: 'api',
  request: { params },
  success: aStep('The step.'),
  errors: TENANT_ERRORS,
})

export type AssertionBody = { id: string; assertion: PasskeyAssertion }

export const assertPasskey = defineRoute<{ params: InstanceParams; body: AssertionBody }>({
  id: 'assertPasskey',
  method: 'post',
  path: '/instances/:instance/pairing/passkey/assertion',
  summary: 'Hand in what the passkey signed',
  description:
    'The credential of `navigator.credentials.get`, made on https://web.whatsapp.com, as `toJSON()` writes it.',
  access: ['instances:write'],
  rate: 'api',
  request: { params, body: Joi.object<AssertionBody>({ id, assertion: passkeyAssertionSchema.required() }) },
  success: aStep('WhatsApp took it; the step goes on.'),
  errors: [...TENANT_ERRORS, 'passkey_invalid', 'pairing_unavailable'],
})

export const confirmPasskey = defineRoute<{ params: InstanceParams; body: { id: string } }>({
  id: 'confirmPasskey',
  method: 'post',
  path: '/instances/:instance/pairing/passkey/confirm',
  summary: 'Confirm that the phone shows the same code',
  access: ['instances:write'],
  rate: 'api',
  request: { params, body: Joi.object<{ id: string }>({ id }) },
  success: aStep('The device is being linked.'),
  errors: [...TENANT_ERRORS, 'pairing_unavailable'],
})

export const createPasskeyHelper = defineRoute<{ params: InstanceParams }>({
  id: 'createPasskeyHelper',
  method: 'post',
  path: '/instances/:instance/pairing/passkey/helper',
  summary: 'Let the person who has the passkey use it in a browser',
  description: 'For ten minutes at most, and for the present attempt only.',
  access: ['instances:write'],
  rate: 'api',
  request: { params },
  success: { status: 201, description: 'A link to hand to that person.', schema: helperSchema },
  errors: TENANT_ERRORS,
})

/** For the browser of the person: a token of `createPasskeyHelper` is the bearer. */
export const getHelperStep = definePublicRoute({
  id: 'getPasskeyHelperStep',
  method: 'get',
  path: '/passkey-helper/step',
  summary: 'The passkey step that a helper token is for',
  anyOrigin: true,
  rate: 'api',
  request: {},
  success: aStep('The step.'),
  errors: HELPER_ERRORS,
})

export const assertWithHelper = definePublicRoute<{ body: { assertion: PasskeyAssertion } }>({
  id: 'assertPasskeyWithHelper',
  method: 'post',
  path: '/passkey-helper/assertion',
  summary: 'Hand in what the passkey signed, with a helper token',
  anyOrigin: true,
  rate: 'api',
  request: {
    body: Joi.object<{ assertion: PasskeyAssertion }>({ assertion: passkeyAssertionSchema.required() }),
  },
  success: aStep('WhatsApp took it; the step goes on.'),
  errors: [...HELPER_ERRORS, 'passkey_invalid', 'pairing_unavailable'],
})
