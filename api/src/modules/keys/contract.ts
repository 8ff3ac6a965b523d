import Joi from 'joi'
import { defineRoute, type PageQuery, pageFields, pageOf, SCOPES, type Scope } from '../../http/index.ts'

const scopes = Joi.array()
  .items(Joi.string().valid(...SCOPES))
  .unique()
  .min(1)

export const keySchema = Joi.object({
  id: Joi.string().required(),
  name: Joi.string().required(),
  prefix: Joi.string().required().description('How the key begins, to recognise it by.'),
  scopes: scopes.required(),
  instance: Joi.string().description('The only instance that the key may use.'),
  createdAt: Joi.string().isoDate().required(),
  expiresAt: Joi.string().isoDate(),
  lastUsedAt: Joi.string().isoDate().description('To the minute.'),
}).meta({ name: 'ApiKey' })

export type CreateKeyBody = { name: string; scopes: Scope[]; instance?: string; expiresAt?: Date }

export const createKey = defineRoute<{ body: CreateKeyBody }>({
  id: 'createKey',
  method: 'post',
  path: '/keys',
  summary: 'Make an API key',
  description:
    'The key itself is in this answer and nowhere else. A key cannot get a scope that its maker lacks.',
  access: ['keys:write'],
  rate: 'api',
  request: {
    body: Joi.object<CreateKeyBody>({
      name: Joi.string().trim().min(1).max(100).required(),
      scopes: scopes.required(),
      instance: Joi.string().max(310).description('Binds the key to one instance.'),
      expiresAt: Joi.date()
        .iso()
        .greater('now')
        .description('The key works until then; without it, until revoked.'),
    }),
  },
  success: {
    status: 201,
    description: 'The key, shown once.',
    schema: keySchema.keys({ key: Joi.string().required() }),
  },
  errors: ['not_found', 'plan_limit_reached'],
})

export const listKeys = defineRoute<{ query: PageQuery }>({
  id: 'listKeys',
  method: 'get',
  path: '/keys',
  summary: 'The API keys of the organisation',
  access: ['keys:read'],
  rate: 'api',
  request: { query: Joi.object<PageQuery>(pageFields) },
  success: {
    status: 200,
    description: 'Keys that are not revoked, oldest first.',
    schema: pageOf(keySchema),
  },
  errors: [],
})

export const revokeKey = defineRoute<{ params: { key: string } }>({
  id: 'revokeKey',
  method: 'delete',
  path: '/keys/:key',
  summary: 'Revoke an API key',
  access: ['keys:write'],
  rate: 'api',
  request: { params: Joi.object({ key: Joi.string().max(64).required() }) },
  success: { status: 204, description: 'The key does not work any more.' },
  errors: ['not_found'],
})
