/** What an API process needs to know besides the API itself: where it stands, and what it connects to. */
import { ConfigError, loadConfig } from '@warren/runtime/config'
import Joi from 'joi'
import { type ApiConfig, apiConfigSchema } from './config.ts'

export type ProcessConfig = {
  readonly POD_NAME: string
  readonly WATCH_NAMESPACES: string
  readonly MONGODB_SESSIONS_DB: string
  readonly S3_ENDPOINT: string
  readonly S3_PUBLIC_ENDPOINT?: string
  readonly S3_BUCKET: string
  readonly S3_REGION: string
  readonly S3_ACCESS_KEY: string
  readonly S3_SECRET_KEY: string
  readonly HEALTH_HOST?: string
  readonly HEALTH_PORT: number
  readonly LOG_LEVEL: 'error' | 'warn' | 'info' | 'http' | 'debug'
  readonly LOG_FORMAT: 'json' | 'pretty'
}

const text = Joi.string()
const namespace = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?'

export const processConfigSchema = Joi.object<ProcessConfig, true>({
  POD_NAME: text.default('api').description('Name of this replica, in logs.'),
  WATCH_NAMESPACES: text
    .allow('')
    .pattern(new RegExp(`^${namespace}(,${namespace})*$`), 'list of namespaces')
    .default('')
    .description('Namespaces of the instances, separated by commas; all of them when empty.'),
  MONGODB_SESSIONS_DB: text.default('warren_sessions').description('Database of the sessions.'),
  S3_ENDPOINT: text
    .uri({ scheme: ['http', 'https'] })
    .required()
    .description('The object store for media.'),
  S3_PUBLIC_ENDPOINT: text
    .uri({ scheme: ['http', 'https'] })
    .description('Where users reach the object store; `S3_ENDPOINT` unless set.'),
  S3_BUCKET: text.required().description('Bucket of media.'),
  S3_REGION: text.default('us-east-1').description('Region of the bucket.'),
  S3_ACCESS_KEY: text.required().meta({ secret: true }).description('Key id for the object store.'),
  S3_SECRET_KEY: text.required().meta({ secret: true }).description('Its secret.'),
  HEALTH_HOST: text.description('Address of probes and metrics; all of them unless set.'),
  HEALTH_PORT: Joi.number()
    .integer()
    .min(0)
    .max(65_535)
    .default(8081)
    .description('Port of probes and metrics, which is not published.'),
  LOG_LEVEL: text
    .valid('error', 'warn', 'info', 'http', 'debug')
    .default('info')
    .description('How much is logged.'),
  LOG_FORMAT: text.valid('json', 'pretty').default('json').description('`pretty` is for people.'),
})

type Environment = Readonly<Record<string, string | undefined>>

/** @throws ConfigError naming everything of both that is missing or out of its limits */
export function loadProcessConfig(env: Environment): { api: ApiConfig; process: ProcessConfig } {
  const problems: string[] = []
  const load = <T>(read: () => T): T | undefined => {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      problems.push(...error.problems)
      return undefined
    }
  }
  const api = load(() => loadConfig(apiConfigSchema, env))
  const process = load(() => loadConfig(processConfigSchema, env))
  if (!api || !process) throw new ConfigError(problems)
  return { api, process }
}
