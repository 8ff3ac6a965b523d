import { ORGANIZATION_PATTERN } from '@warren/contracts'
import Joi from 'joi'
import { defineRoute } from '../../http/index.ts'
import { PLANS } from './repo.ts'

export const organizationSchema = Joi.object({
  id: Joi.string().pattern(new RegExp(ORGANIZATION_PATTERN)).required(),
  name: Joi.string().required(),
  plan: Joi.string()
    .valid(...PLANS)
    .required(),
  instanceLimit: Joi.number().integer().required().description('How many instances the plan allows.'),
  createdAt: Joi.string().isoDate().required(),
}).meta({ name: 'Organization' })

export const organizationName = Joi.string().trim().min(1).max(100)

export const getOrganization = defineRoute({
  id: 'getOrganization',
  method: 'get',
  path: '/organization',
  summary: 'The organisation of the caller',
  access: ['organization:read'],
  boundKeys: true,
  rate: 'api',
  request: {},
  success: { status: 200, description: 'The organisation.', schema: organizationSchema },
  errors: [],
})

export const updateOrganization = defineRoute<{ body: { name: string } }>({
  id: 'updateOrganization',
  method: 'patch',
  path: '/organization',
  summary: 'Rename the organisation',
  access: ['organization:write'],
  rate: 'api',
  request: { body: Joi.object({ name: organizationName.required() }) },
  success: { status: 200, description: 'The organisation as it is now.', schema: organizationSchema },
  errors: [],
})
