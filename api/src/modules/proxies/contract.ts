import { POOL_PATTERN } from '@warren/contracts'
import Joi from 'joi'
import { defineRoute } from '../../http/index.ts'

type PoolParams = { pool: string }
const name = Joi.string()
  .pattern(new RegExp(POOL_PATTERN), 'a name of 1 to 40 characters: a-z, 0-9 and -')
  .description('Name of the pool.')
const params = Joi.object<PoolParams>({ pool: name.required() })
/** Checked in full by the service, whose message does not repeat the URL. */
const urls = Joi.array()
  .items(Joi.string().max(500))
  .min(1)
  .max(200)
  .description('URLs of proxies: http, https or socks5, with user and password where they need them.')

const poolSchema = Joi.object({
  name: name.required(),
  addresses: Joi.array()
    .items(Joi.string())
    .required()
    .description('`host:port` of each, in order. What is secret in the URLs is never shown again.'),
  updatedAt: Joi.string().isoDate().required(),
}).meta({ name: 'ProxyPool' })

export type NewPool = { name: string; urls: string[] }

export const createProxyPool = defineRoute<{ body: NewPool }>({
  id: 'createProxyPool',
  method: 'post',
  path: '/proxies',
  summary: 'Keep a pool of proxies',
  description:
    'Instances use it by `proxy.pool`. With one they reach WhatsApp through it and never directly.',
  access: ['instances:write'],
  rate: 'api',
  request: { body: Joi.object<NewPool>({ name: name.required(), urls: urls.required() }) },
  success: { status: 201, description: 'The pool.', schema: poolSchema },
  errors: ['already_exists', 'proxy_unavailable', 'plan_limit_reached'],
})

export const listProxyPools = defineRoute({
  id: 'listProxyPools',
  method: 'get',
  path: '/proxies',
  summary: 'The pools of the organisation',
  access: ['instances:read'],
  rate: 'api',
  request: {},
  success: {
    status: 200,
    description: 'Pools by name.',
    schema: Joi.object({ items: Joi.array().items(poolSchema).required() }),
  },
  errors: [],
})

export const getProxyPool = defineRoute<{ params: PoolParams }>({
  id: 'getProxyPool',
  method: 'get',
  path: '/proxies/:pool',
  summary: 'One pool',
  access: ['instances:read'],
  rate: 'api',
  request: { params },
  success: { status: 200, description: 'The pool.', schema: poolSchema },
  errors: ['not_found'],
})

export const updateProxyPool = defineRoute<{ params: PoolParams; body: { urls: string[] } }>({
  id: 'updateProxyPool',
  method: 'patch',
  path: '/proxies/:pool',
  summary: 'Replace the proxies of a pool',
  description: 'Sessions take the new list with their next connection.',
  access: ['instances:write'],
  rate: 'api',
  request: { params, body: Joi.object<{ urls: string[] }>({ urls: urls.required() }) },
  success: { status: 200, description: 'The pool as it is now.', schema: poolSchema },
  errors: ['not_found', 'proxy_unavailable'],
})

export const deleteProxyPool = defineRoute<{ params: PoolParams }>({
  id: 'deleteProxyPool',
  method: 'delete',
  path: '/proxies/:pool',
  summary: 'Forget a pool',
  description: 'Refused while an instance names it.',
  access: ['instances:write'],
  rate: 'api',
  request: { params },
  success: { status: 204, description: 'It is gone.' },
  errors: ['not_found', 'conflict'],
})
