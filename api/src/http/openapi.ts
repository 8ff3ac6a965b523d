/** The OpenAPI 3.1 document: the contracts, written as the standard wants them. */
import { ERRORS, type ErrorCode } from '@warren/contracts'
import type Joi from 'joi'
import type { ApiModule, RouteContract } from './contract.ts'
import { errorCodesOf } from './error-codes.ts'
import { type Components, type JsonSchema, jsonSchemaOf } from './json-schema.ts'
import { problemSchema } from './problem.ts'

export type OpenApiDocument = {
  readonly openapi: '3.1.0'
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly paths: { readonly [path: string]: { readonly [method: string]: JsonSchema } }
  readonly [key: string]: unknown
}

export function openApiDocument(
  modules: readonly ApiModule[],
  options: { version: string; prefix: string },
): OpenApiDocument {
  const components: Components = new Map()
  components.set('Problem', jsonSchemaOf(problemSchema, components))
  const paths: Record<string, Record<string, JsonSchema>> = {}
  for (const { name, routes } of modules) {
    for (const { contract } of routes) {
      const path = contract.path.replaceAll(/:(\w+)/g, '{$1}')
      paths[path] = { ...paths[path], [contract.method]: operation(name, contract, components) }
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Warren',
      version: options.version,
      description:
        'WhatsApp accounts as a platform. Errors are problem documents (RFC 9457); decide by `code`.',
    },
    servers: [{ url: options.prefix }],
    tags: modules.map(({ name }) => ({ name })),
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An access token, or an API key (`wrn_…`).' },
      },
      schemas: Object.fromEntries(components),
    },
  }
}

function operation(tag: string, contract: RouteContract, components: Components): JsonSchema {
  const { id, summary, description, access, request, consumes } = contract
  const scopes = access === 'public' || access.length === 0 ? '' : `Scopes: ${access.join(', ')}.`
  const text = [description, scopes].filter(Boolean).join(' ')
  const body = consumes ? MULTIPART_BODY : request.body && jsonBody(request.body, components)
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(text ? { description: text } : {}),
    ...(access === 'public' ? { security: [] } : {}),
    parameters: parametersOf(contract, components),
    ...(body ? { requestBody: body } : {}),
    responses: { [contract.success.status]: successOf(contract, components), ...failuresOf(contract) },
  }
}

const MULTIPART_BODY = {
  required: true,
  content: {
    'multipart/form-data': {
      schema: {
        type: 'object',
        properties: { file: { type: 'string', format: 'binary' } },
        required: ['file'],
        additionalProperties: false,
      },
    },
  },
}

function jsonBody(schema: Joi.Schema, components: Components): JsonSchema {
  return { required: true, content: { 'application/json': { schema: jsonSchemaOf(schema, components) } } }
}

function parametersOf({ request, idempotent }: RouteContract, components: Components): JsonSchema[] {
  const of = (place: 'path' | 'query', schema: Joi.Schema | undefined): JsonSchema[] => {
    if (!schema) return []
    const { properties = {}, required = [] } = jsonSchemaOf(schema, components) as {
      properties?: Record<string, JsonSchema>
      required?: string[]
    }
    return Object.entries(properties).map(([name, { description, ...inner }]) => ({
      name,
      in: place,
      required: required.includes(name),
      ...(description ? { description } : {}),
      schema: inner,
    }))
  }
  return [
    ...of('path', request.params),
    ...of('query', request.query),
    ...(idempotent ? [IDEMPOTENCY_KEY] : []),
  ]
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'A repetition within 24 hours gets the first answer. `X-Idempotency-Key` is the same.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
}

function successOf({ success }: RouteContract, components: Components): JsonSchema {
  const { description, schema, types } = success
  const json = schema ? { 'application/json': { schema: jsonSchemaOf(schema, components) } } : {}
  const others = (types ?? []).filter((type) => type !== 'application/json')
  const content = {
    ...json,
    ...Object.fromEntries(others.map((type) => [type, { schema: { type: 'string' } }])),
  }
  return { description, ...(Object.keys(content).length > 0 ? { content } : {}) }
}

function failuresOf(contract: RouteContract): Record<string, JsonSchema> {
  const byStatus = Map.groupBy(errorCodesOf(contract), (code) => ERRORS[code].status)
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      { description: codes.map(explained).join('\n'), content },
    ]),
  )
}

const explained = (code: ErrorCode) => `- \`${code}\`: ${ERRORS[code].title}.`
