import { type FieldError, ORGANIZATION_PATTERN } from '@warren/contracts'
import type { ErrorObject } from 'ajv'

/** Names of objects and of namespaces (RFC 1123). */
export const DNS_SUBDOMAIN = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$'
export const DNS_LABEL = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'

/** The schema's patterns in words. A pattern that is not here is shown as it is. */
const PATTERNS: Readonly<Record<string, string>> = {
  [ORGANIZATION_PATTERN]:
    '1 to 40 lower-case letters, digits and dashes, with a letter or digit at both ends',
  '^[0-9]{5,20}$': '5 to 20 digits: the international number without plus or spaces',
  [DNS_SUBDOMAIN]: 'lower-case letters, digits, dashes and dots, with a letter or digit at both ends',
  [DNS_LABEL]: 'lower-case letters, digits and dashes, with a letter or digit at both ends',
}

/** What a schema violation means: the field's path in dots and a sentence that names the limit. */
export function fieldError(error: ErrorObject): FieldError {
  const params = error.params as Record<string, unknown>
  const own = error.instancePath.slice(1).replaceAll('/', '.')
  const below = (name: unknown) => (own ? `${own}.${name}` : String(name))
  const shown = typeof error.data === 'string' ? `"${error.data}"` : JSON.stringify(error.data)
  switch (error.keyword) {
    case 'required':
      return { path: below(params.missingProperty), message: 'is required' }
    case 'additionalProperties':
      return { path: below(params.additionalProperty), message: 'is not a field of this resource' }
    case 'enum':
      return {
        path: own,
        message: `must be one of ${(params.allowedValues as unknown[]).join(', ')}, not ${shown}`,
      }
    case 'pattern':
      return {
        path: own,
        message: `must be ${PATTERNS[String(params.pattern)] ?? `text that matches ${params.pattern}`}, not ${shown}`,
      }
    case 'minimum':
      return { path: own, message: `must be at least ${params.limit}, not ${shown}` }
    case 'maximum':
      return { path: own, message: `must be at most ${params.limit}, not ${shown}` }
    case 'maxLength':
      return { path: own, message: `must be at most ${params.limit} characters long` }
    case 'type':
      return { path: own, message: `must be of type ${params.type}, not ${shown}` }
    default:
      return { path: own, message: error.message ?? 'is not valid' }
  }
}
