import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubernetesObject } from '@warren/runtime/testing/kubernetes'
import { objectsOf, podsOf, VALUE_SETS } from './support/chart.ts'

type Rule = { apiGroups: string[]; resources: string[]; verbs: string[]; resourceNames?: string[] }

const rulesOf = (objects: readonly KubernetesObject[]) =>
  objects
    .filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole')
    .flatMap(({ metadata, rules }) => (rules as Rule[]).map((rule) => ({ role: metadata.name, ...rule })))

const isSecrets = ({ apiGroups, resources }: Rule) => apiGroups.includes('') && resources.includes('secrets')

test('no role has a wildcard', () => {
  const rules = VALUE_SETS.flatMap((set) => rulesOf(objectsOf(set)))
  assert.ok(rules.length > 10)
  for (const { role, apiGroups, resources, verbs } of rules)
    assert.deepEqual(
      [...apiGroups, ...resources, ...verbs].filter((word) => word.includes('*')),
      [],
      role,
    )
})

test('only the operator touches secrets, and nobody can list them', () => {
  const rules = VALUE_SETS.flatMap((set) => rulesOf(objectsOf(set))).filter(isSecrets)
  assert.deepEqual([...new Set(rules.map(({ role }) => role.replace(/^warren-/, '')))].sort(), [
    'operator',
    'warren-operator',
  ])
  for (const { verbs } of rules)
    assert.deepEqual(
      verbs.filter((verb) => ['list', 'watch', 'deletecollection'].includes(verb)),
      [],
    )
})

test('with a list of namespaces there is no right beyond them', () => {
  const objects = objectsOf('namespaced')
  assert.deepEqual(
    objects.filter(({ kind }) => kind?.startsWith('ClusterRole')),
    [],
  )
  const namespaces = objects.filter(({ kind }) => kind === 'Role').map(({ metadata }) => metadata.namespace)
  assert.deepEqual([...new Set(namespaces)].sort(), ['team-a', 'team-b', 'warren'])
})

test('a token is mounted only where the API server is asked', () => {
  const withToken = podsOf(objectsOf('everything'))
    .filter(({ spec }) => spec.automountServiceAccountToken !== false)
    .map(({ name }) => name)
  assert.deepEqual(withToken.sort(), [
    'Deployment warren-api-web',
    'Deployment warren-api-worker',
    'Deployment warren-operator',
    'Job warren-uninstall-guard',
    'Pod warren-test',
  ])
})
