import type {
  Condition,
  InstancePhase,
  InstanceStatus,
  SessionStatus,
  WhatsAppInstance,
} from '@warren/contracts'
import { type Finding, findings } from './conditions.ts'
import { type Facts, factsOf, type StatusView } from './view.ts'

/**
 * The whole status of an instance. Pure, and a fixed point: given its own result and nothing new, it returns the same, so an idle instance
 * is never written.
 */
export function statusOf(view: StatusView): InstanceStatus {
  const facts = factsOf(view)
  const { instance, said, account, live, pod } = facts
  const found = findings(facts)
  const conditions = found.map((one) => conditionOf(one, instance, view.now))
  return {
    phase: phaseOf(facts, found),
    observedGeneration: instance.metadata.generation,
    conditions,
    ...(account ? { account: { ...account } } : {}),
    ...(live && said?.phase === 'pairing' ? pairingOf(said, instance.spec.pairing.showInStatus) : {}),
    ...(pod ? { pod: pod.metadata.name } : {}),
    ...(pod?.spec.nodeName ? { node: pod.spec.nodeName } : {}),
    ...(view.session ? { epoch: view.session.epoch } : {}),
    ...lastConnected(said, instance, found),
    ...(said?.lastDisconnect
      ? {
          lastDisconnect: {
            code: said.lastDisconnect.code,
            reason: said.lastDisconnect.reason,
            time: said.lastDisconnect.at.toISOString(),
          },
        }
      : {}),
  }
}

/** `lastTransitionTime` moves only with `status`, as Kubernetes has it. */
function conditionOf(found: Finding, { metadata, status }: WhatsAppInstance, now: Date): Condition {
  const before = status?.conditions?.find(({ type }) => type === found.type)
  return {
    ...found,
    message: found.message.slice(0, 1024),
    lastTransitionTime:
      before && before.status === found.status ? before.lastTransitionTime : now.toISOString(),
    observedGeneration: metadata.generation,
  }
}

/** QR and code are for who may link a phone; status is for everyone who may read the resource. */
function pairingOf({ pairing }: SessionStatus, show: boolean): Pick<InstanceStatus, 'pairing'> {
  if (!pairing) return {}
  const { attempt, maxAttempts, expiresAt, qr, code } = pairing
  return {
    pairing: {
      attempt,
      maxAttempts,
      ...(expiresAt ? { expiresAt: expiresAt.toISOString() } : {}),
      ...(show && qr ? { qr } : {}),
      ...(show && code ? { code } : {}),
    },
  }
}

/** While a connection lasts the time of its beginning stays: a time that moves would be a write per message. */
function lastConnected(
  said: SessionStatus | undefined,
  { status }: WhatsAppInstance,
  found: readonly Finding[],
): Pick<InstanceStatus, 'lastConnectedTime'> {
  const isOpen = found.some(({ type, status: now }) => type === 'Connected' && now === 'True')
  const wasOpen = status?.conditions?.some(
    ({ type, status: then }) => type === 'Connected' && then === 'True',
  )
  const kept = isOpen && wasOpen ? status?.lastConnectedTime : undefined
  const time = kept ?? said?.lastConnectedAt?.toISOString()
  return time === undefined ? {} : { lastConnectedTime: time }
}

function phaseOf({ deleting, suspended, pod, said }: Facts, found: readonly Finding[]): InstancePhase {
  const is = (type: Finding['type']) => found.some((one) => one.type === type && one.status === 'True')
  if (deleting) return 'Terminating'
  if (suspended && !pod) return 'Suspended'
  if (said?.phase === 'banned') return 'Banned'
  if (said?.phase === 'loggedOut') return 'LoggedOut'
  if (is('Degraded')) return 'Degraded'
  if (is('Ready')) return 'Connected'
  if (is('Paired')) return is('Scheduled') ? 'Connecting' : 'Pending'
  return said && is('Scheduled') && said.phase !== 'starting' ? 'Pairing' : 'Pending'
}
