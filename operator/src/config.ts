/** The configuration of an operator process. The reference page is generated from this schema. */
import { KEYS_PATTERN, parseKeys, type SealingKey } from '@warren/runtime/crypto'
import Joi from 'joi'

export type OperatorConfig = {
  readonly POD_NAME: string
  readonly POD_NAMESPACE: string
  readonly WATCH_NAMESPACES: string
  readonly MONGODB_URI: string
  readonly MONGODB_SESSIONS_DB: string
  readonly REDIS_URL: string
  readonly SESSION_MONGODB_URI?: string
  readonly SESSION_REDIS_URL?: string
  readonly WARREN_MASTER_KEY: string
  readonly WARREN_PROXY_MASTER_KEY?: string
  readonly WARREN_SESSION_TEMPLATE_FILE: string
  readonly WORKERS: number
  readonly STARTS_PER_SECOND: number
  readonly STARTS_BURST: number
  readonly DEFAULT_INSTANCE_LIMIT: number
  readonly ROLL_MAX_UNAVAILABLE_PERCENT: number
  readonly ROLL_MAX_UNAVAILABLE_PER_ORGANIZATION: number
  readonly LEASE_NAME: string
  readonly LEASE_SECONDS: number
  readonly LEASE_RENEW_SECONDS: number
  readonly LEASE_RETRY_SECONDS: number
  readonly HEALTH_HOST?: string
  readonly HEALTH_PORT: number
  readonly LOG_LEVEL: 'error' | 'warn' | 'info' | 'http' | 'debug'
  readonly LOG_FORMAT: 'json' | 'pretty'
}

const text = Joi.string()
const whole = Joi.number().integer()
const mongo = text.uri({ scheme: ['mongodb', 'mongodb+srv'] }).meta({ secret: true })
const redis = text.uri({ scheme: ['redis', 'rediss'] }).meta({ secret: true })
const namespace = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?'

export const operatorConfigSchema = Joi.object<OperatorConfig, true>({
  POD_NAME: text.default('operator').description('Name of this replica, in logs, events and the lease.'),
  POD_NAMESPACE: text
    .pattern(new RegExp(`^${namespace}$`), 'namespace')
    .default('default')
    .description('Namespace of the lease.'),
  WATCH_NAMESPACES: text
    .allow('')
    .pattern(new RegExp(`^${namespace}(,${namespace})*$`), 'list of namespaces')
    .default('')
    .description('Namespaces of the instances, separated by commas; all of them when empty.'),
  MONGODB_URI: mongo.required().description('The MongoDB server.'),
  MONGODB_SESSIONS_DB: text.default('warren_sessions').description('Database of the sessions.'),
  REDIS_URL: redis.required().description('News of sessions, and commands to them.'),
  SESSION_MONGODB_URI: mongo.description(
    'What sessions get as `MONGODB_URI`; the operator’s own unless set.',
  ),
  SESSION_REDIS_URL: redis.description('What sessions get as `REDIS_URL`; the operator’s own unless set.'),
  WARREN_MASTER_KEY: text
    .pattern(KEYS_PATTERN, 'keys')
    .custom((keys: string) => parseKeys(keys) && keys, 'keys of different ids')
    .required()
    .meta({ secret: true })
    .description(
      'From which the keys of instances are derived: id, colon, 32 bytes in base64. After a comma those that were used before, until everything is sealed anew. Lost with it are all credentials.',
    ),
  WARREN_PROXY_MASTER_KEY: text
    .pattern(/^(\d{1,10}:)?[A-Za-z0-9+/]{43}=$/, 'key')
    .meta({ secret: true })
    .description(
      'The same as the API’s: what pools of proxies are sealed with. Without it sessions cannot use pools.',
    ),
  WARREN_SESSION_TEMPLATE_FILE: text
    .required()
    .description('File with what all session pods have in common, as JSON.'),
  WORKERS: whole.min(1).max(256).default(16).description('Reconciles of one controller at the same time.'),
  STARTS_PER_SECOND: Joi.number()
    .min(0.01)
    .max(10_000)
    .default(20)
    .description('New session pods a second, in the long run.'),
  STARTS_BURST: whole.min(1).default(100).description('New session pods at once.'),
  DEFAULT_INSTANCE_LIMIT: whole
    .min(0)
    .default(5)
    .description('Instances of an organisation that nobody set a limit for.'),
  ROLL_MAX_UNAVAILABLE_PERCENT: Joi.number()
    .min(0)
    .max(100)
    .default(10)
    .description('Sessions that may be down for a new template, of all; one always may.'),
  ROLL_MAX_UNAVAILABLE_PER_ORGANIZATION: whole
    .min(1)
    .default(1)
    .description('Sessions of one organisation that may be down for a new template.'),
  LEASE_NAME: text.default('warren-operator').description('The Lease whose holder leads.'),
  LEASE_SECONDS: whole.min(3).max(300).default(15).description('How long a silent leader is respected.'),
  LEASE_RENEW_SECONDS: whole
    .min(2)
    .less(Joi.ref('LEASE_SECONDS'))
    .default(10)
    .description('After so long without a renewal a leader ends itself.'),
  LEASE_RETRY_SECONDS: whole
    .min(1)
    .less(Joi.ref('LEASE_RENEW_SECONDS'))
    .default(2)
    .description('Between attempts at the lease.'),
  HEALTH_HOST: text.description('Address of probes and metrics; all of them unless set.'),
  HEALTH_PORT: whole.min(0).max(65_535).default(8081).description('Port of probes and metrics.'),
  LOG_LEVEL: text
    .valid('error', 'warn', 'info', 'http', 'debug')
    .default('info')
    .description('How much is logged.'),
  LOG_FORMAT: text.valid('json', 'pretty').default('json').description('`pretty` is for people.'),
})

/** The key in {@link OperatorConfig.WARREN_MASTER_KEY} that seals, and those that were used before it. */
export function masterKeysOf(config: OperatorConfig): {
  readonly masterKey: SealingKey
  readonly previousMasterKeys: readonly SealingKey[]
} {
  const [masterKey, ...previousMasterKeys] = parseKeys(config.WARREN_MASTER_KEY)
  return { masterKey, previousMasterKeys }
}

/** The same for proxies. */
export function proxyMasterKeyOf({ WARREN_PROXY_MASTER_KEY: text }: OperatorConfig): SealingKey | undefined {
  return text === undefined ? undefined : keyOf(text)
}

function keyOf(text: string): SealingKey {
  const [bytes = '', id = '1'] = text.split(':').reverse()
  return { id: Number(id), bytes: Buffer.from(bytes, 'base64') }
}

/** Undefined for all of them. */
export function namespacesOf(config: OperatorConfig): readonly string[] | undefined {
  return config.WATCH_NAMESPACES === '' ? undefined : config.WATCH_NAMESPACES.split(',')
}
