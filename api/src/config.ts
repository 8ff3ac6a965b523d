/** The configuration of an API process. The reference page is generated from this schema. */
import { loadConfig } from '@warren/runtime/config'
import type { SealingKey } from '@warren/runtime/crypto'
import Joi from 'joi'

export type ApiConfig = {
  readonly NODE_ENV: 'production' | 'development' | 'test'
  readonly HOST: string
  readonly PORT: number
  readonly MONGODB_URI: string
  readonly PLATFORM_DB: string
  readonly REDIS_URL: string
  readonly INSTANCE_NAMESPACE: string
  readonly WARREN_PROXY_MASTER_KEY?: string
  readonly JWT_SECRET: string
  readonly JWT_ISSUER: string
  readonly JWT_AUDIENCE: string
  readonly ACCESS_TOKEN_SECONDS: number
  readonly REFRESH_TOKEN_SECONDS: number
  readonly BCRYPT_ROUNDS: number
  readonly ALLOW_SIGNUP: boolean
  readonly CORS_ORIGINS: string
  readonly TRUST_PROXY: number
  readonly BODY_LIMIT_BYTES: number
  readonly RATE_LIMIT: 'on' | 'off'
  readonly RATE_LIMIT_API: string
  readonly RATE_LIMIT_AUTH: string
  readonly RATE_LIMIT_MESSAGES: string
  readonly RATE_LIMIT_UPLOADS: string
  readonly STREAMS_PER_CALLER: number
  readonly STREAMS_PER_ORGANIZATION: number
  readonly SSE_HEARTBEAT_SECONDS: number
  readonly SSE_BUFFER_BYTES: number
  readonly PROJECTION_SWEEP_SECONDS: number
  readonly MEDIA_URL_SECONDS: number
}

const text = Joi.string()
const whole = Joi.number().integer()
const budget = (count: number, seconds: number, what: string) =>
  text
    .pattern(/^[1-9]\d{0,8}\/[1-9]\d{0,8}$/, 'count/seconds')
    .default(`${count}/${seconds}`)
    .description(`${what}, as requests/seconds.`)

export const apiConfigSchema = Joi.object<ApiConfig, true>({
  NODE_ENV: text
    .valid('production', 'development', 'test')
    .default('production')
    .description('Only `development` shows stacks in error answers.'),
  HOST: text.default('0.0.0.0').description('Address to listen on.'),
  PORT: whole
    .min(0)
    .max(65535)
    .default(3000)
    .description('Port of REST, SSE and Socket.IO; 0 takes a free one.'),
  MONGODB_URI: text
    .uri({ scheme: ['mongodb', 'mongodb+srv'] })
    .required()
    .meta({ secret: true })
    .description('The MongoDB server.'),
  PLATFORM_DB: text.default('warren_platform').description('Database of organisations, users and messages.'),
  REDIS_URL: text
    .uri({ scheme: ['redis', 'rediss'] })
    .required()
    .meta({ secret: true })
    .description('Wake-ups, live events, rate limits.'),
  INSTANCE_NAMESPACE: text
    .pattern(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'namespace')
    .default('default')
    .description('Namespace of instances that are created over REST.'),
  WARREN_PROXY_MASTER_KEY: text
    .pattern(/^(\d{1,10}:)?[A-Za-z0-9+/]{43}=$/, 'key')
    .meta({ secret: true })
    .description(
      'What pools of proxies are sealed with: id, colon, 32 bytes in base64; the same as the operator’s. Without it there are none.',
    ),
  JWT_SECRET: text
    .min(32)
    .required()
    .meta({ secret: true })
    .description('Signs access tokens; at least 32 characters.'),
  JWT_ISSUER: text.default('warren').description('`iss` of access tokens.'),
  JWT_AUDIENCE: text.default('warren-api').description('`aud` of access tokens.'),
  ACCESS_TOKEN_SECONDS: whole.min(10).max(86_400).default(900).description('Life of an access token.'),
  REFRESH_TOKEN_SECONDS: whole
    .min(60)
    .max(31_536_000)
    .default(604_800)
    .description('Life of a sign-in, however often its refresh token is exchanged.'),
  BCRYPT_ROUNDS: whole.min(4).max(16).default(12).description('Cost of a password hash, as a power of two.'),
  ALLOW_SIGNUP: Joi.boolean().default(false).description('Whether anyone may register.'),
  CORS_ORIGINS: text
    .allow('')
    .default('')
    .description('Origins of browsers that may call, separated by commas.'),
  TRUST_PROXY: whole
    .min(0)
    .max(10)
    .default(0)
    .description('Proxies in front whose `X-Forwarded-For` is believed.'),
  BODY_LIMIT_BYTES: whole
    .min(1024)
    .max(10 * 1024 * 1024)
    .default(256 * 1024)
    .description(
      'Largest JSON body of a signed-in caller; 16 KiB without a token, uploads have their own limit.',
    ),
  RATE_LIMIT: text
    .valid('on', 'off')
    .default('on')
    .when('NODE_ENV', {
      is: 'production',
      // biome-ignore lint/suspicious/noThenProperty: joi's word for the branch
      then: Joi.invalid('off').messages({ 'any.invalid': '{{#label}} cannot be off in production' }),
    })
    .description('`off` is for development and tests.'),
  RATE_LIMIT_API: budget(100, 900, 'All requests of one caller'),
  RATE_LIMIT_AUTH: budget(5, 900, 'Attempts to sign in, from one address'),
  RATE_LIMIT_MESSAGES: budget(30, 60, 'Messages of one caller'),
  RATE_LIMIT_UPLOADS: budget(10, 3600, 'Uploads of one caller'),
  STREAMS_PER_CALLER: whole
    .min(1)
    .default(50)
    .description('Open event streams of one caller, at one replica.'),
  STREAMS_PER_ORGANIZATION: whole
    .min(1)
    .default(500)
    .description('Open event streams of one organisation, at one replica.'),
  SSE_HEARTBEAT_SECONDS: whole.min(1).default(15).description('Pause between comments on a quiet stream.'),
  SSE_BUFFER_BYTES: whole
    .min(1024)
    .default(1024 * 1024)
    .description('Unsent bytes after which a slow reader is disconnected.'),
  PROJECTION_SWEEP_SECONDS: whole
    .min(1)
    .default(5)
    .description('How often workers look for instances whose projection is behind.'),
  MEDIA_URL_SECONDS: whole.min(60).max(604_800).default(3600).description('Life of a signed media URL.'),
})

/** The key in {@link ApiConfig.WARREN_PROXY_MASTER_KEY}; one without an id has the id 1. */
export function proxyMasterKeyOf({ WARREN_PROXY_MASTER_KEY: text }: ApiConfig): SealingKey | undefined {
  if (text === undefined) return undefined
  const [bytes = '', id = '1'] = text.split(':').reverse()
  return { id: Number(id), bytes: Buffer.from(bytes, 'base64') }
}

/** @throws ConfigError naming everything that is missing or out of its limits */
export function loadApiConfig(env: Readonly<Record<string, string | undefined>>): ApiConfig {
  return loadConfig(apiConfigSchema, env)
}
