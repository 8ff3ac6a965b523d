import { readFileSync } from 'node:fs'
import type { ObjectSchema } from 'joi'

/** All that is wrong with the configuration, as one message for a person. It contains no value of a secret. */
export class ConfigError extends Error {
  override name = 'ConfigError'
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads a process's configuration from its environment. The schema's keys are the names of the variables; those with
 * `.meta({ secret: true })` may instead be given as `NAME_FILE`, the path of a file with the value (a trailing line break
 * is dropped). An empty variable counts as not set; variables that the schema does not know are ignored.
 *
 * @throws ConfigError naming every variable that is missing or out of its limits.
 */
export function loadConfig<T extends object>(schema: ObjectSchema<T>, env: Environment): Readonly<T> {
  const secrets = secretNames(schema)
  const problems: string[] = []
  const given: Record<string, string> = {}
  for (const name of variableNames(schema)) {
    const value = env[name]
    const file = secrets.has(name) ? env[`${name}_FILE`] : undefined
    if (value && file) problems.push(`${name} and ${name}_FILE are both set; set one`)
    else if (file) {
      try {
        given[name] = readFileSync(file, 'utf8').replace(/\r?\n$/, '')
      } catch (error) {
        problems.push(`${name}_FILE cannot be read: ${(error as Error).message}`)
      }
    } else if (value) given[name] = value
  }

  const { value, error } = schema.validate(given, {
    abortEarly: false,
    stripUnknown: true,
    errors: { wrap: { label: false } },
    messages: {
      'any.required': '{{#label}} is not set',
      // joi's own texts quote the value, which may be a secret.
      'string.pattern.base': '{{#label}} must match {{#regex}}',
      'string.pattern.name': '{{#label}} must be a {{#name}}',
    },
  })
  const unread = new Set(problems.map((problem) => problem.split(/_FILE| /)[0]))
  for (const detail of error?.details ?? []) {
    const name = String(detail.path[0] ?? '')
    if (unread.has(name)) continue
    const secret = secrets.has(name) ? given[name] : undefined
    problems.push(secret ? detail.message.replaceAll(secret, '[redacted]') : detail.message)
  }
  if (problems.length) throw new ConfigError(problems)
  return Object.freeze(value as T)
}

/** The configuration for people (`--print-config`): secrets that are set show as `[redacted]`. */
export function describeConfig<T extends object>(
  schema: ObjectSchema<T>,
  config: T,
): Record<string, unknown> {
  const secrets = secretNames(schema)
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [
      name,
      secrets.has(name) && value !== undefined ? '[redacted]' : value,
    ]),
  )
}

function variableNames(schema: ObjectSchema): string[] {
  return Object.keys(schema.describe().keys ?? {})
}

function secretNames(schema: ObjectSchema): Set<string> {
  const keys: Record<string, { metas?: { secret?: boolean }[] }> = schema.describe().keys ?? {}
  const isSecret = (name: string) => keys[name]?.metas?.some((meta) => meta.secret) ?? false
  return new Set(Object.keys(keys).filter(isSecret))
}
