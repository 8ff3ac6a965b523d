import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONDITION_REASONS, type ConditionType, SESSION_PHASES, type SessionStatus } from '@warren/contracts'
import type { SessionPod } from '@warren/runtime/cluster'
import fc from 'fast-check'
import { INSTANCE, NOW, podOf, podsOf, sessionOf } from '../../testing/objects.ts'
import { ACCOUNT } from '../../testing/operator-harness.ts'
import { statusOf } from './status-of.ts'
import type { StatusView } from './view.ts'

const at = NOW
const UNHINDERED = { obstacle: null, rollFailed: false }
/** What the session says -> phase, then the reasons of Paired, Connected, Ready, Degraded. */
const rows: [Omit<SessionStatus, 'since'> | null, string][] = [
  [null, 'Pending Unknown NoSession NotPaired Healthy'],
  [{ phase: 'starting' }, 'Pending Unknown NotPaired NotPaired Healthy'],
  [{ phase: 'pairing' }, 'Pairing PairingRequired NotPaired NotPaired Healthy'],
  [{ phase: 'pairing', reason: 'PasskeyRequired' }, 'Pairing PasskeyRequired NotPaired NotPaired Healthy'],
  [{ phase: 'connecting', account: ACCOUNT }, 'Connecting Linked Connecting NotConnected Healthy'],
  [{ phase: 'connected', account: ACCOUNT }, 'Connected Linked Open Ready Healthy'],
  [
    { phase: 'reconnecting', account: ACCOUNT, retry: { attempt: 2, nextAt: at } },
    'Connecting Linked Reconnecting NotConnected Healthy',
  ],
  [
    { phase: 'reconnecting', account: ACCOUNT, retry: { attempt: 9, nextAt: at } },
    'Degraded Linked Reconnecting NotConnected RepeatedReconnects',
  ],
  [
    { phase: 'reconnecting', account: ACCOUNT, reason: 'ClientRefused' },
    'Degraded Linked Reconnecting NotConnected ClientRefused',
  ],
  [
    { phase: 'parked', reason: 'PairingAttemptsUsedUp' },
    'Pairing PairingAttemptsUsedUp NotPaired NotPaired Healthy',
  ],
  [
    { phase: 'parked', account: ACCOUNT, reason: 'ConnectionReplaced' },
    'Degraded Linked Parked NotConnected Conflict',
  ],
  [
    { phase: 'parked', reason: 'CredentialsDamaged' },
    'Degraded PairingRequired NotPaired NotPaired CredentialsDamaged',
  ],
  [{ phase: 'loggedOut' }, 'LoggedOut LoggedOut NotPaired NotPaired Healthy'],
  [
    { phase: 'connected', account: ACCOUNT, protection: { state: 'paused', score: 90, since: at } },
    'Degraded Linked Open Ready SendingPaused',
  ],
  [
    { phase: 'connected', account: ACCOUNT, protection: { state: 'slow', score: 50, since: at } },
    'Degraded Linked Open Ready AccountAtRisk',
  ],
  ...(['deaf', 'mute', 'stalled'] as const).map((kind): [Omit<SessionStatus, 'since'>, string] => [
    { phase: 'connected', account: ACCOUNT, trouble: { kind, since: at, message: 'so it is' } },
    `Degraded Linked Open Ready ${kind.charAt(0).toUpperCase()}${kind.slice(1)}`,
  ]),
  [
    { phase: 'reconnecting', account: ACCOUNT, trouble: { kind: 'mute', since: at, message: 'it was' } },
    'Connecting Linked Reconnecting NotConnected Healthy',
  ],
  [
    { phase: 'connected', account: ACCOUNT, phoneAway: { lastSeenAt: at, unlinksAt: at } },
    'Degraded Linked Open Ready PhoneAway',
  ],
  [{ phase: 'banned', account: ACCOUNT }, 'Banned Linked Banned NotConnected Healthy'],
  [{ phase: 'stopped', account: ACCOUNT }, 'Connecting Linked NoSession NotConnected Healthy'],
]

for (const [said, expected] of rows)
  test(`${said?.phase ?? 'nothing said'} ${said?.reason ?? ''}: ${expected}`, () => {
    const { phase, conditions } = statusOf({
      instance: INSTANCE,
      ...UNHINDERED,
      pods: podsOf(INSTANCE, podOf(INSTANCE)),
      session: sessionOf(said),
      now: NOW,
    })
    const reasons = (conditions ?? []).slice(1).map(({ reason }) => reason)
    assert.equal([phase, ...reasons].join(' '), expected)
  })

const status = fc.record(
  {
    phase: fc.constantFrom(...SESSION_PHASES),
    reason: fc.constantFrom(
      'PasskeyRequired',
      'PairingAttemptsUsedUp',
      'ConnectionReplaced',
      'ClientRefused',
      'Other',
    ),
    message: fc.string({ maxLength: 2_000 }),
    account: fc.constant(ACCOUNT),
    pairing: fc.constant({ method: 'qr' as const, qr: 'SECRET', attempt: 1, maxAttempts: 3, expiresAt: at }),
    lastConnectedAt: fc.date({ noInvalidDate: true }),
    lastDisconnect: fc.constant({ code: 428, reason: 'closed', at }),
    retry: fc.constant({ attempt: 7, nextAt: at }),
    trouble: fc.constant({ kind: 'mute' as const, since: at, message: 'so it is' }),
    phoneAway: fc.constant({ lastSeenAt: at, unlinksAt: at }),
  },
  { requiredKeys: ['phase'] },
)

test('its own result changes nothing, every reason is a documented one, and no QR is shown unasked', () => {
  fc.assert(
    fc.property(
      fc.option(status),
      fc.boolean(),
      fc.boolean(),
      fc.nat(100_000),
      (said, hasPod, deleting, laterMs) => {
        const instance = structuredClone(INSTANCE)
        if (deleting) instance.metadata.deletionTimestamp = at.toISOString()
        const pods = podsOf(instance, hasPod ? podOf(instance) : undefined)
        const view = { ...UNHINDERED, pods, session: sessionOf(said), now: NOW }
        const first = statusOf({ ...view, instance })
        const session = { ...view.session, expiresAt: new Date(NOW.getTime() + laterMs + 15_000) }
        const now = new Date(NOW.getTime() + laterMs)
        const second = statusOf({ ...view, session, now, instance: { ...instance, status: first } })
        assert.deepEqual(second, first)
        assert.ok(!JSON.stringify(first).includes('SECRET'))
        for (const { type, reason, message } of first.conditions ?? []) {
          assert.ok(reason in CONDITION_REASONS[type as ConditionType], `${type} ${reason}`)
          assert.ok(message.length <= 1024)
        }
      },
    ),
  )
})

test('a crash loop is one until a run has lasted a minute, so that it is told once', () => {
  const degraded = (startedAgoMs: number, restartCount: number) => {
    const startedAt = new Date(NOW.getTime() - startedAgoMs).toISOString()
    const container = { name: 'session', restartCount, state: { running: { startedAt } } }
    const pod = podOf(INSTANCE)
    const status = { ...pod.status, containerStatuses: [container] }
    const session = sessionOf({ phase: 'connected', account: ACCOUNT })
    const pods = podsOf(INSTANCE, { ...pod, status })
    const { conditions } = statusOf({ ...UNHINDERED, instance: INSTANCE, pods, session, now: NOW })
    return conditions?.find(({ type }) => type === 'Degraded')?.reason
  }
  assert.equal(degraded(1_000, 1), 'Healthy')
  assert.equal(degraded(1_000, 2), 'CrashLoop')
  assert.equal(degraded(60_000, 2), 'Healthy')
})

const scheduled = (pod: SessionPod | undefined, more: Partial<StatusView> = {}) => {
  const pods = podsOf(INSTANCE, pod)
  const { conditions } = statusOf({
    ...UNHINDERED,
    instance: INSTANCE,
    pods,
    session: null,
    now: NOW,
    ...more,
  })
  const found = conditions?.find(({ type }) => type === 'Scheduled')
  return `${found?.status} ${found?.reason}: ${found?.message}`
}

test('why no pod runs is told in the words of Kubernetes', () => {
  const pod = podOf(INSTANCE)
  const pending = (status: Partial<SessionPod['status']>) =>
    ({ ...pod, status: { phase: 'Pending', ...status } }) as const
  const message = '0/3 nodes are available: 3 Insufficient memory.'
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }] as const
  assert.equal(scheduled(pending({ conditions })), `False Unschedulable: ${message}`)
  const waiting = { reason: 'ErrImagePull', message: 'not found' }
  const containerStatuses = [{ name: 'session', restartCount: 0, state: { waiting } }]
  assert.equal(scheduled(pending({ containerStatuses })), 'False PodPending: ErrImagePull: not found')
  const evicted = { phase: 'Failed', reason: 'Evicted', message: 'The node was low on memory.' } as const
  assert.equal(
    scheduled({ ...pod, status: evicted }),
    'False PodFailed: Evicted: The node was low on memory.',
  )
  const obstacle = { reason: 'InstanceLimit', message: 'allows 5' } as const
  assert.equal(scheduled(undefined, { obstacle }), 'False InstanceLimit: allows 5')
  assert.match(scheduled(pod, { obstacle }), /^True PodRunning/, 'what runs, runs')
})
