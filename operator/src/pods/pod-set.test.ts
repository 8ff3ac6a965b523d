import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionPod } from '@warren/runtime/cluster'
import { INSTANCE, NOW, podOf } from '../testing/objects.ts'
import { type NamedPod, podSetOf } from './pod-set.ts'

const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1_000).toISOString()

type Change = { born?: number; ending?: number; owner?: string; kind?: string; unreachable?: number }

/** `born`, `ending` and `unreachable` in seconds ago. */
function named(ordinal: number, { born = 1_000, ending, owner, kind, unreachable }: Change = {}): NamedPod {
  const pod = podOf(INSTANCE)
  const name = ordinal === 1 ? 'sales' : `sales--${ordinal}`
  const metadata: SessionPod['metadata'] = {
    ...pod.metadata,
    name,
    creationTimestamp: ago(born),
    ...(ending === undefined ? {} : { deletionTimestamp: ago(ending) }),
    ...(owner === undefined
      ? {}
      : {
          ownerReferences: [
            { apiVersion: 'x', kind: kind ?? INSTANCE.kind, name: 'sales', uid: owner, controller: true },
          ],
        }),
  }
  return {
    pod: { ...pod, metadata },
    ordinal,
    nodeUnreachableSince: unreachable === undefined ? undefined : ago(unreachable),
  }
}

const setOf = (...pods: NamedPod[]) => podSetOf(INSTANCE, pods, { names: 3, now: NOW })
const told = (...pods: NamedPod[]) => {
  const { current, surplus, lost, blockedBy, freeOrdinal } = setOf(...pods)
  const names = (all: readonly SessionPod[]) => all.map(({ metadata }) => metadata.name).join('+') || '-'
  return `${current?.metadata.name ?? '-'} surplus ${names(surplus)} lost ${names(lost)} ${blockedBy ?? 'free'} ${freeOrdinal ?? 'none'}`
}

const rows: [string, NamedPod[], string][] = [
  ['nothing is there', [], '- surplus - lost - free 1'],
  ['one pod', [named(1)], 'sales surplus - lost - free 2'],
  ['its node has been silent for a moment', [named(1, { unreachable: 59 })], 'sales surplus - lost - free 2'],
  ['its node has been silent for long', [named(1, { unreachable: 60 })], '- surplus - lost sales free 2'],
  ['it ends in its time', [named(1, { ending: -5 })], 'sales surplus - lost - free 2'],
  ['its end is overdue', [named(1, { ending: 60 })], '- surplus - lost sales free 2'],
  [
    'a replacement runs',
    [named(1, { ending: 90 }), named(2, { born: 20 })],
    'sales--2 surplus - lost sales free 3',
  ],
  [
    'the node came back before its pod was asked to end',
    [named(1), named(2, { born: 20 })],
    'sales--2 surplus sales lost - free 3',
  ],
  [
    'the node came back and the old pod ends',
    [named(1, { ending: -9 }), named(2, { born: 20 })],
    'sales--2 surplus - lost - free 3',
  ],
  ['the old one is gone', [named(2, { born: 20 })], 'sales--2 surplus - lost - free 1'],
  [
    'all names are taken by lost ones',
    [1, 2, 3].map((n) => named(n, { ending: 99 })),
    '- surplus - lost sales+sales--2+sales--3 free none',
  ],
  ["somebody else's", [named(1, { owner: 'x', kind: 'Job' })], '- surplus - lost - foreign 2'],
  ["a predecessor's", [named(1, { owner: 'x' })], '- surplus - lost - predecessors 2'],
  ["a predecessor's that is lost", [named(1, { owner: 'x', ending: 99 })], '- surplus - lost - free 2'],
]

for (const [when, pods, expected] of rows)
  test(`${when}: ${expected}`, () => assert.equal(told(...pods), expected))

test('it says when a silent pod will be given up', () => {
  assert.equal(setOf(named(1, { unreachable: 50 })).lostInMs, 10_000)
  assert.equal(setOf(named(1, { unreachable: 70 })).lostInMs, undefined)
  const patient = { ...INSTANCE, spec: { ...INSTANCE.spec, failover: { unreachableSeconds: 300 } } }
  const { lostInMs } = podSetOf(patient, [named(1, { unreachable: 50 })], { names: 3, now: NOW })
  assert.equal(lostInMs, 250_000)
})
