/** JSON Schema (draft 2020-12) from joi schemas. Schemas with a `name` become components that others refer to. */
import type Joi from 'joi'

export type JsonSchema = { readonly [key: string]: unknown }
export type Components = Map<string, JsonSchema>

type Meta = { readonly name?: string; readonly items?: Joi.Schema }
type Standard = { readonly jsonSchema: { input(options: { target: string }): JsonSchema } }

/** What joi leaves in that says nothing: an `anyOf` of one. */
function simplified(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(simplified)
  if (typeof value !== 'object' || value === null) return value
  const { anyOf, ...rest } = value as { anyOf?: unknown[] }
  const entries = Object.entries(rest).map(([key, inner]) => [key, simplified(inner)])
  const shown = Object.fromEntries(entries)
  if (!anyOf) return shown
  if (anyOf.length === 1) return { ...(simplified(anyOf[0]) as object), ...shown }
  return { ...shown, anyOf: anyOf.map(simplified) }
}

/** The schema, or a reference when it has a name, which is then added to `components`. */
export function jsonSchemaOf(schema: Joi.Schema, components: Components): JsonSchema {
  // Not from describe(), which would turn the schema among them into a description.
  const metas: readonly Meta[] = schema.$_terms.metas ?? []
  const meta: Meta = Object.assign({}, ...metas)
  const standard = (schema as unknown as { '~standard': Standard })['~standard']
  const plain = simplified(standard.jsonSchema.input({ target: 'draft-2020-12' })) as JsonSchema
  if (meta.items) return withItems(plain, jsonSchemaOf(meta.items, components))
  if (meta.name === undefined) return plain
  components.set(meta.name, plain)
  return { $ref: `#/components/schemas/${meta.name}` }
}

/** A page refers to what it lists. */
function withItems(page: JsonSchema, items: JsonSchema): JsonSchema {
  const properties = page.properties as { items: JsonSchema }
  return { ...page, properties: { ...properties, items: { ...properties.items, items } } }
}
