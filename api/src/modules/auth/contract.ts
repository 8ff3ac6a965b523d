import Joi from 'joi'
import { definePublicRoute, defineRoute, SCOPES } from '../../http/index.ts'
import { organizationName, organizationSchema } from '../organizations/index.ts'
import type { Registration } from './owners.ts'
import { MAX_PASSWORD_BYTES } from './passwords.ts'

const email = Joi.string().email({ tlds: false }).max(254).lowercase()
const password = Joi.string().min(10).max(MAX_PASSWORD_BYTES)
const userSchema = Joi.object({
  id: Joi.string().required(),
  email: Joi.string().required(),
  name: Joi.string(),
  createdAt: Joi.string().isoDate().required(),
}).meta({ name: 'User' })
const tokensSchema = Joi.object({
  accessToken: Joi.string().required(),
  refreshToken: Joi.string().required().description('Works once; the answer holds the next one.'),
  tokenType: Joi.valid('Bearer').required(),
  expiresIn: Joi.number().integer().required().description('Seconds until the access token ends.'),
}).meta({ name: 'Tokens' })
const signedInSchema = tokensSchema
  .keys({ user: userSchema.required(), organization: organizationSchema.required() })
  .meta({ name: 'SignedIn' })

/** What is asked of a registration, over REST and at the command line. */
export const registrationSchema = Joi.object<Registration>({
  email: email.required(),
  password: password.required(),
  organization: organizationName
    .required()
    .description(
      'Name of the new organisation. Its id comes from the name; where there are instances of such an id already, or another organisation has it, random characters follow.',
    ),
  name: Joi.string().trim().min(1).max(100),
})

export const register = definePublicRoute<{ body: Registration }>({
  id: 'register',
  method: 'post',
  path: '/auth/register',
  summary: 'Register a person and an organisation',
  rate: 'auth',
  request: { body: registrationSchema },
  success: { status: 201, description: 'Registered and signed in.', schema: signedInSchema },
  errors: ['signup_closed', 'already_exists'],
})

export const login = definePublicRoute<{ body: { email: string; password: string } }>({
  id: 'login',
  method: 'post',
  path: '/auth/login',
  summary: 'Sign in',
  rate: 'auth',
  request: {
    body: Joi.object({ email: email.required(), password: Joi.string().max(1024).required() }),
  },
  success: { status: 200, description: 'Signed in.', schema: signedInSchema },
  errors: ['invalid_credentials'],
})

export const refresh = definePublicRoute<{ body: { refreshToken: string } }>({
  id: 'refresh',
  method: 'post',
  path: '/auth/refresh',
  summary: 'Exchange a refresh token',
  description:
    'A refresh token that is used twice ends the sign-in, since one of the two users has stolen it.',
  rate: 'api',
  request: { body: Joi.object({ refreshToken: Joi.string().max(256).required() }) },
  success: { status: 200, description: 'A new pair of tokens.', schema: tokensSchema },
  errors: ['unauthenticated'],
})

export const logout = defineRoute({
  id: 'logout',
  method: 'post',
  path: '/auth/logout',
  summary: 'Sign out',
  description: 'Ends the sign-in of this token: neither it nor its refresh token works any more.',
  access: [],
  boundKeys: true,
  rate: 'api',
  request: {},
  success: { status: 204, description: 'Signed out. For an API key this changes nothing.' },
  errors: [],
})

export const me = defineRoute({
  id: 'me',
  method: 'get',
  path: '/auth/me',
  summary: 'Who the token belongs to',
  access: [],
  boundKeys: true,
  rate: 'api',
  request: {},
  success: {
    status: 200,
    description: 'The caller.',
    schema: Joi.object({
      kind: Joi.valid('user', 'key').required(),
      id: Joi.string().required(),
      scopes: Joi.array()
        .items(Joi.string().valid(...SCOPES))
        .required(),
      instance: Joi.string().description('The only instance that this key may use.'),
      user: userSchema,
      organization: organizationSchema.required(),
    }).meta({ name: 'Caller' }),
  },
  errors: [],
})
