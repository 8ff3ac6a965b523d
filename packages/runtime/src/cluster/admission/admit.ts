import {
  API_VERSION,
  type FieldError,
  INSTANCE_SCHEMA,
  type InstanceManifest,
  type InstanceSpec,
  KIND,
  MAX_INSTANCE_NAME,
  WarrenError,
  type WhatsAppInstance,
} from '@warren/contracts'
import { Ajv } from 'ajv'
import { createCelRules } from './cel-rules.ts'
import { DNS_LABEL, DNS_SUBDOMAIN, fieldError } from './field-errors.ts'

/** What a manifest says, checked and complete. */
export type Admitted = {
  readonly namespace: string
  readonly name: string
  readonly labels: Record<string, string>
  readonly annotations: Record<string, string>
  readonly spec: InstanceSpec
}

const texts = { type: 'object', additionalProperties: { type: 'string' } }
const generated = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'finalizers',
  'ownerReferences',
  'managedFields',
]

/** The metadata a person may write. What Kubernetes generates is accepted and ignored, so that `kubectl get -o yaml` can be applied. */
const METADATA = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', pattern: DNS_SUBDOMAIN, maxLength: MAX_INSTANCE_NAME },
    namespace: { type: 'string', pattern: DNS_LABEL, maxLength: 63, default: 'default' },
    labels: texts,
    annotations: texts,
    ...Object.fromEntries(generated.map((name) => [name, {}])),
  },
}

// Kubernetes drops unknown fields and kubectl refuses them; refusing finds typing errors.
const SPEC = closed(INSTANCE_SCHEMA.properties.spec)

const MANIFEST = {
  ...INSTANCE_SCHEMA,
  required: ['apiVersion', 'kind', 'metadata', 'spec'],
  additionalProperties: false,
  properties: {
    apiVersion: { type: 'string', enum: [API_VERSION] },
    kind: { type: 'string', enum: [KIND] },
    metadata: METADATA,
    spec: SPEC,
    status: {},
  },
}

const ajv = new Ajv({
  allErrors: true,
  useDefaults: true,
  strict: false,
  verbose: true,
  formats: { int32: true, int64: true, 'date-time': true },
})
const validateManifest = ajv.compile(MANIFEST)
const validateStored = ajv.compile({
  ...INSTANCE_SCHEMA,
  properties: { ...INSTANCE_SCHEMA.properties, spec: SPEC },
})
const rules = createCelRules(INSTANCE_SCHEMA)

/**
 * Fills in the defaults and checks the schema. The CEL rules come with {@link admitChange}, when the stored object is known.
 * @throws WarrenError `validation_failed`
 */
export function admitManifest(manifest: InstanceManifest | unknown): Admitted {
  const copy = withoutNulls(structuredClone(manifest))
  if (!validateManifest(copy)) throw invalid((validateManifest.errors ?? []).map(fieldError))
  const { metadata, spec } = copy as InstanceManifest & {
    metadata: { namespace: string }
    spec: InstanceSpec
  }
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    spec,
  }
}

/**
 * Whether an object may be stored in place of another: schema and CEL rules. Fields that a patch removed get their defaults, in place.
 * @throws WarrenError `validation_failed`
 */
export function admitChange(after: WhatsAppInstance, before?: WhatsAppInstance): void {
  if (!validateStored(after)) throw invalid((validateStored.errors ?? []).map(fieldError))
  const broken = rules(after, before)
  if (broken.length > 0) throw invalid(broken, ': ')
}

function invalid(fields: readonly FieldError[], joint = ' '): WarrenError {
  const sentence = fields
    .map(({ path, message }) => (path ? `${path}${joint}${message}` : message))
    .join('; ')
  return new WarrenError('validation_failed', sentence, { details: { fields } })
}

/** A field without a value is not there, and gets its default: so does the API server. Changes in place. */
function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  for (const [name, child] of Object.entries(value))
    if (child === null) delete (value as Record<string, unknown>)[name]
    else withoutNulls(child)
  return value
}

/** The schema with all fields that it does not name forbidden. */
function closed(schema: object): object {
  const { properties } = schema as { properties?: Record<string, object> }
  if (!properties) return schema
  const inner = Object.entries(properties).map(([name, child]) => [name, closed(child)])
  return { ...schema, additionalProperties: false, properties: Object.fromEntries(inner) }
}
