import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSameNode, type Node, shrinkNode } from './nodes.ts'

function node(version: string, status: string, lastTransitionTime: string): Node {
  return shrinkNode({
    metadata: { namespace: '', name: 'n1', uid: 'u1', resourceVersion: version },
    status: { conditions: [{ type: 'Ready', status, lastTransitionTime }] },
  })
}

test('a heartbeat is no news, even when it tells another time', () => {
  assert.ok(isSameNode(node('1', 'True', '2026-01-01T00:00:00Z'), node('2', 'True', '2026-01-01T00:00:10Z')))
})

test('that a node went silent is news, and since when', () => {
  const healthy = node('1', 'True', '2026-01-01T00:00:00Z')
  const silent = node('2', 'Unknown', '2026-01-01T00:01:00Z')
  const longer = node('3', 'Unknown', '2026-01-01T00:02:00Z')
  assert.ok(!isSameNode(healthy, silent))
  assert.ok(!isSameNode(silent, longer))
})
