import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CONDITION_REASONS, CONDITION_TYPES } from './conditions.ts'
import { instanceCrd } from './crd.ts'
import { INSTANCE_SCHEMA } from './schema.ts'

type Node = {
  type?: string
  description?: string
  properties?: Record<string, Node>
  items?: Node
  enum?: string[]
  default?: unknown
}

function* walk(node: Node, path: string): Generator<[string, Node]> {
  yield [path, node]
  for (const [name, child] of Object.entries(node.properties ?? {})) yield* walk(child, `${path}.${name}`)
  if (node.items) yield* walk(node.items, `${path}[]`)
}

describe('the CRD', () => {
  const nodes = [...walk(INSTANCE_SCHEMA as Node, '')]

  it('describes every field of spec and status for kubectl explain', () => {
    const bare = nodes.filter(
      ([path, node]) => /^\.(spec|status)/.test(path) && !path.endsWith('[]') && !node.description,
    )
    assert.deepEqual(
      bare.map(([path]) => path),
      [],
    )
  })

  it('keeps to the API conventions: enumerations are CamelCase and defaults are among them', () => {
    for (const [path, node] of nodes) {
      for (const value of node.enum ?? []) assert.match(value, /^[A-Z][A-Za-z]*$/, path)
      if (node.enum && node.default !== undefined) assert.ok(node.enum.includes(String(node.default)), path)
    }
  })

  it('has a status subresource and columns that point at existing fields', () => {
    const version = instanceCrd().spec.versions[0]
    assert.deepEqual(version?.subresources, { status: {} })
    const known = new Set(nodes.map(([path]) => path))
    for (const { jsonPath } of version?.additionalPrinterColumns ?? []) {
      if (jsonPath.startsWith('.metadata')) continue
      const path = jsonPath.replace(/\[\?\(@\.type=='[A-Za-z]+'\)\]/, '[]')
      assert.ok(known.has(path), jsonPath)
    }
  })

  it('explains every reason, in the form Kubernetes asks for', () => {
    assert.deepEqual(Object.keys(CONDITION_REASONS), [...CONDITION_TYPES])
    for (const reasons of Object.values(CONDITION_REASONS)) {
      for (const [reason, meaning] of Object.entries(reasons)) {
        assert.match(reason, /^[A-Z][A-Za-z]+$/)
        assert.match(meaning, /\.$/)
      }
    }
  })
})
