import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hereOf } from './here.ts'

test('the flags that said where are repeated, and no others', () => {
  const cases: readonly [Parameters<typeof hereOf>[0], string][] = [
    [{}, ''],
    [{ output: 'json', follow: true }, ''],
    [{ namespace: 'team-a' }, ' -n team-a'],
    [{ context: 'prod', namespace: 'team-a' }, ' -n team-a --context prod'],
    [{ server: 'https://warren.example:8443/x' }, ' --server https://warren.example:8443/x'],
    [{ kubeconfig: "/it's here/config" }, ` --kubeconfig '/it'\\''s here/config'`],
  ]
  for (const [values, words] of cases) assert.equal(hereOf(values), words)
})
