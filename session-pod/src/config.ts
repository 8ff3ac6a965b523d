import {
  CONTROL_PORT,
  ORGANIZATION_PATTERN,
  POOL_PATTERN,
  type ProtectionSpec,
  protectionSpecSchema,
} from '@warren/contracts'
import { KEYS_PATTERN, parseKeys, type SealingKey } from '@warren/runtime/crypto'
import Joi from 'joi'

export type PodConfig = {
  WARREN_INSTANCE: string
  WARREN_ORGANIZATION: string
  WARREN_POD_NAME: string
  WARREN_PLACE?: string
  MONGODB_URI: string
  MONGODB_SESSIONS_DB: string
  REDIS_URL: string
  WARREN_INSTANCE_KEY: string
  WARREN_PAIRING_METHOD: 'qr' | 'code'
  WARREN_PAIRING_PHONE_NUMBER?: string
  WARREN_PAIRING_MAX_ATTEMPTS: number
  WARREN_PASSKEY_CONFIRM: 'whenStale' | 'always'
  WARREN_PROTECTION?: ProtectionSpec
  WARREN_PROXIES_PATH?: string
  WARREN_PROXY_POOL?: string
  WARREN_PROXY_KEY?: string
  WARREN_PROXY_ALLOW_PRIVATE: boolean
  WARREN_LEASE_SECONDS: number
  WARREN_QUIET_RENEWAL_SECONDS: number
  WARREN_WHATSAPP_SIMULATOR?: string
  WARREN_WHATSAPP_VERSION?: string
  HEALTH_PORT: number
  HEALTH_HOST?: string
  CONTROL_PORT: number | 'off'
  LOG_LEVEL: 'error' | 'warn' | 'info' | 'http' | 'debug'
  NODE_ENV: 'production' | 'development' | 'test'
  STACK_TRACE_LIMIT: number
}

/** A variable that holds JSON of a shape. */
function jsonOf(schema: Joi.ObjectSchema): Joi.StringSchema {
  return Joi.string().custom((text: string) => {
    const { value, error } = schema.validate(JSON.parse(text))
    if (error) throw error
    return value
  }, 'JSON')
}

/** The environment of a session pod. */
export const CONFIG_SCHEMA = Joi.object<PodConfig>({
  WARREN_INSTANCE: Joi.string().required().description('Id of the instance, `<namespace>.<name>`.'),
  WARREN_ORGANIZATION: Joi.string()
    .pattern(new RegExp(ORGANIZATION_PATTERN))
    .required()
    .description('The organisation that owns it.'),
  WARREN_POD_NAME: Joi.string()
    .required()
    .description('Name of this pod; with a random part it is the holder of the lease.'),
  WARREN_PLACE: Joi.string().description(
    'A place in which one process of this session runs at a time, such as the uid of the pod: whoever comes after another there need not wait for its lease to end. Without it a lease that was not released is waited for.',
  ),
  MONGODB_URI: Joi.string()
    .uri({ scheme: ['mongodb', 'mongodb+srv'] })
    .required()
    .meta({ secret: true })
    .description('The MongoDB replica set.'),
  MONGODB_SESSIONS_DB: Joi.string().default('warren_sessions').description('Database of the sessions.'),
  REDIS_URL: Joi.string()
    .uri({ scheme: ['redis', 'rediss'] })
    .required()
    .meta({ secret: true })
    .description('Redis, for wake-ups, live events and commands.'),
  WARREN_INSTANCE_KEY: Joi.string()
    .pattern(KEYS_PATTERN)
    .custom((text: string) => parseKeys(text) && text, 'keys of different ids')
    .required()
    .meta({ secret: true })
    .description(
      'What the credentials are sealed with: id of the master key, colon, 32 bytes in base64. After a comma those that were used before: what they sealed is sealed anew.',
    ),
  WARREN_PAIRING_METHOD: Joi.string()
    .lowercase()
    .valid('qr', 'code')
    .default('qr')
    .description('How an unlinked instance begins to pair.'),
  WARREN_PAIRING_PHONE_NUMBER: Joi.string()
    .pattern(/^\d{5,20}$/)
    .when('WARREN_PAIRING_METHOD', { not: 'code', otherwise: Joi.required() })
    .description('The only number that may be linked; digits, international.'),
  WARREN_PAIRING_MAX_ATTEMPTS: Joi.number()
    .integer()
    .min(1)
    .max(6)
    .default(3)
    .description('QRs or codes until the pairing waits for a person.'),
  WARREN_PASSKEY_CONFIRM: Joi.string()
    .valid('whenStale', 'always')
    .default('whenStale')
    .description(
      'When a person compares a code with the phone while linking with a passkey: only when the QR was scanned more than five minutes before, or always.',
    ),
  WARREN_PROTECTION: jsonOf(protectionSpecSchema).description(
    'What protects the account, as JSON of `spec.protection`. Default: everything on; everything off with a simulated WhatsApp.',
  ),
  WARREN_PROXIES_PATH: Joi.string().description(
    'File with the URLs of proxies (http, https, socks5), one a line. With it nothing goes to WhatsApp directly.',
  ),
  WARREN_PROXY_POOL: Joi.string()
    .pattern(new RegExp(POOL_PATTERN))
    .when('WARREN_PROXIES_PATH', { not: Joi.exist(), otherwise: Joi.forbidden() })
    .description('Name of a pool of proxies that the organisation keeps over REST; as WARREN_PROXIES_PATH.'),
  WARREN_PROXY_KEY: Joi.string()
    .pattern(/^(\d{1,10}:)?[A-Za-z0-9+/]{43}=$/)
    .meta({ secret: true })
    .description('What the pools of the organisation are sealed with: id, colon, 32 bytes in base64.'),
  WARREN_PROXY_ALLOW_PRIVATE: Joi.boolean()
    .default(false)
    .description(
      'Whether a proxy may have a private address; else one could be used to reach into the network of the sessions.',
    ),
  WARREN_LEASE_SECONDS: Joi.number()
    .integer()
    .min(3)
    .max(300)
    .default(15)
    .description('Length of the lease on the session.'),
  WARREN_QUIET_RENEWAL_SECONDS: Joi.number()
    .integer()
    .min(5)
    .max(86_400)
    .default(900)
    .description(
      'Silence after which the connection is renewed to see whether WhatsApp kept something back; sixteen times as long once nothing was.',
    ),
  WARREN_WHATSAPP_SIMULATOR: Joi.string()
    .uri({ scheme: ['http'] })
    .when('NODE_ENV', {
      not: 'production',
      otherwise: Joi.forbidden().messages({
        'any.unknown':
          'WARREN_WHATSAPP_SIMULATOR makes the session trust a simulated WhatsApp and is refused with NODE_ENV=production',
      }),
    })
    .description('Control URL of a simulator to use instead of WhatsApp. Never in production.'),
  WARREN_WHATSAPP_VERSION: Joi.string()
    .pattern(/^\d+,\d+,\d+$/)
    .description('Client version to name instead of the built-in one, when WhatsApp refuses that.'),
  HEALTH_PORT: Joi.number().port().default(8081).description('Port of probes and metrics; 0 for any.'),
  HEALTH_HOST: Joi.string().description('Interface of probes and metrics; all unless set.'),
  CONTROL_PORT: Joi.alternatives(Joi.number().port(), Joi.valid('off'))
    .default(CONTROL_PORT)
    .description('Port of the control listener on 127.0.0.1, for `kubectl wa`; 0 for any, `off` for none.'),
  LOG_LEVEL: Joi.string()
    .valid('error', 'warn', 'info', 'http', 'debug')
    .default('info')
    .description('How much is logged.'),
  NODE_ENV: Joi.string()
    .valid('production', 'development', 'test')
    .default('development')
    .description('`production` refuses the simulator.'),
  STACK_TRACE_LIMIT: Joi.number()
    .integer()
    .min(0)
    .default(0)
    .description(
      'Frames in stack traces, for debugging; Baileys builds an error for every frame, at half its speed.',
    ),
})

/** The key of a pool of proxies; one without an id has the id 1. */
export function sealingKeyOf(text: string): SealingKey {
  const [bytes = '', id = '1'] = text.split(':').reverse()
  return { id: Number(id), bytes: Buffer.from(bytes, 'base64') }
}
