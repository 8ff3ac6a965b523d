/**
 * What is stored in clusters stays readable and keeps its meaning: each file of `stored/` was applied once and is never changed. A
 * change of the definition that refuses one, loses a field of it or gives it another default would break installations.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { INSTANCE_SCHEMA, type WhatsAppInstance } from '@warren/contracts'
import { withKubernetes } from '@warren/runtime/testing/kubernetes'

/** `spec` is what the defaults make of it, where that is something else. */
type Stored = { readonly applied: WhatsAppInstance; readonly spec?: object; readonly status?: object }
type Schema = {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
}

const FOLDER = join(import.meta.dirname, 'stored')
const files = readdirSync(FOLDER).map((name) => ({
  name,
  stored: JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Stored,
}))

const { client, namespace } = await withKubernetes({ after })
const resources = `/apis/warren.dev/v1alpha1/namespaces/${namespace}/whatsappinstances`

for (const { name, stored } of files)
  test(`${name} is accepted, and neither loses nor gains anything`, async () => {
    const { applied, spec = applied.spec, status } = stored
    const path = `${resources}/${applied.metadata.name}`
    const created = await client.request<WhatsAppInstance>('POST', resources, { body: applied })
    assert.deepEqual(created.spec, spec)
    if (status) await client.request('PUT', `${path}/status`, { body: { ...created, status: { ...status } } })
    const read = await client.request<WhatsAppInstance>('GET', path)
    assert.deepEqual(read.status, status)
    // Who reads it and writes it back, as a migration of storage does, changes nothing.
    const written = await client.request<WhatsAppInstance>('PUT', path, { body: read })
    assert.deepEqual(written, read)
    await client.request('DELETE', path)
  })

test('every field of the definition is in one of the files', () => {
  const seen = new Set(files.flatMap(({ stored: { applied, status } }) => fieldsOf({ ...applied, status })))
  assert.deepEqual(
    propertiesOf(INSTANCE_SCHEMA as Schema).filter((field) => !seen.has(field)),
    [],
  )
})

function propertiesOf({ properties, items }: Schema, prefix = ''): string[] {
  if (items) return propertiesOf(items, prefix)
  return Object.entries(properties ?? {}).flatMap(([name, schema]) => [
    `${prefix}.${name}`,
    ...propertiesOf(schema, `${prefix}.${name}`),
  ])
}

function fieldsOf(value: unknown, prefix = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => fieldsOf(item, prefix))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => [
    `${prefix}.${name}`,
    ...fieldsOf(inner, `${prefix}.${name}`),
  ])
}
