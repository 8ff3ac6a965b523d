import {
  CONDITION_REASONS,
  type ConditionReason,
  type ConditionStatus,
  type ConditionType,
  type ConnectionTroubleKind,
  type PhoneAway,
} from '@warren/contracts'
import type { SessionPod } from '@warren/runtime/cluster'
import type { Facts } from './view.ts'

/** A condition before it is known since when it holds. */
export type Finding<T extends ConditionType = ConditionType> = {
  [K in T]: {
    readonly type: K
    readonly status: ConditionStatus
    readonly reason: ConditionReason<K>
    readonly message: string
  }
}[T]

/** From this many failed attempts in a row a reconnect is worth a look. */
const MANY_ATTEMPTS = 5

/** The five conditions, in the order of their listing. */
export function findings(facts: Facts): readonly Finding[] {
  const scheduledNow = scheduled(facts)
  const pairedNow = paired(facts)
  const connectedNow = connected(facts)
  return [
    scheduledNow,
    pairedNow,
    connectedNow,
    ready(scheduledNow, pairedNow, connectedNow),
    degraded(facts),
  ]
}

/** The message is the reason's explanation unless there is something better to say. */
function finding<T extends ConditionType>(
  type: T,
  status: ConditionStatus,
  reason: ConditionReason<T>,
  message?: string,
): Finding<T> {
  const explained = (CONDITION_REASONS[type] as Record<string, string>)[reason] ?? ''
  return { type, status, reason, message: message ?? explained } as Finding<T>
}

function scheduled({ deleting, suspended, pods, pod, obstacle, container }: Facts): Finding<'Scheduled'> {
  const say = (status: ConditionStatus, reason: ConditionReason<'Scheduled'>, message?: string) =>
    finding('Scheduled', status, reason, message)
  if (pods.blockedBy === 'foreign' && !pod) return say('False', 'PodForeign')
  if (deleting) return say('False', 'Terminating')
  if (suspended && (!pod || pod.metadata.deletionTimestamp)) return say('False', 'Suspended')
  if (obstacle && (!pod || obstacle.reason === 'OrganizationMismatch'))
    return say('False', obstacle.reason, obstacle.message)
  if (!pod && pods.lost.length > 0) return say('False', 'PodUnreachable')
  if (!pod) return say('False', 'PodPending', 'The session pod is being created.')
  if (pod.metadata.deletionTimestamp)
    return say('False', 'PodPending', 'The session pod ends; another one follows.')
  if (pod.status.phase === 'Failed' || pod.status.phase === 'Succeeded')
    return say('False', 'PodFailed', wordsOf(pod.status))
  if (container?.state.running) return say('True', 'PodRunning', besideLost(pods.lost))
  const last = container?.state.terminated ?? container?.lastState?.terminated
  if (last)
    return say(
      'False',
      'PodFailed',
      `The session pod ended with exit code ${last.exitCode} and is restarted.`,
    )
  const placed = pod.status.conditions?.find(({ type }) => type === 'PodScheduled')
  if (placed?.status === 'False' && placed.reason === 'Unschedulable')
    return say('False', 'Unschedulable', placed.message)
  return say('False', 'PodPending', wordsOf(container?.state.waiting ?? pod.status))
}

/** Kubernetes' own words, e.g. `Evicted: The node was low on resource: memory.` */
function wordsOf({ reason, message }: { reason?: string; message?: string }): string | undefined {
  return [reason, message].filter((text) => text !== undefined && text !== '').join(': ') || undefined
}

function besideLost(lost: readonly SessionPod[]): string | undefined {
  if (lost.length === 0) return undefined
  const names = lost.map(({ metadata, spec }) => `${metadata.name} on ${spec.nodeName ?? 'no node'}`)
  return `${CONDITION_REASONS.Scheduled.PodRunning} Not confirmed yet is the end of ${names.join(', ')}.`
}

function paired({ said, account }: Facts): Finding<'Paired'> {
  const say = (status: ConditionStatus, reason: ConditionReason<'Paired'>, message?: string) =>
    finding('Paired', status, reason, message)
  if (account) return say('True', 'Linked')
  if (!said || said.phase === 'starting') return say('Unknown', 'Unknown')
  if (said.phase === 'loggedOut') return say('False', 'LoggedOut', said.message)
  if (said.reason === 'PasskeyRequired') return say('False', 'PasskeyRequired', said.message)
  if (said.reason === 'PairingAttemptsUsedUp') return say('False', 'PairingAttemptsUsedUp', said.message)
  return say('False', 'PairingRequired', said.message)
}

function connected({ said, account, live }: Facts): Finding<'Connected'> {
  const say = (status: ConditionStatus, reason: ConditionReason<'Connected'>, message?: string) =>
    finding('Connected', status, reason, message)
  if (!said || !live) return say('False', 'NoSession')
  switch (said.phase) {
    case 'connected':
      return say('True', 'Open')
    case 'connecting':
      return say('False', 'Connecting')
    case 'starting':
      return account ? say('False', 'Connecting') : say('False', 'NotPaired')
    case 'reconnecting':
      return say('False', 'Reconnecting', said.message)
    case 'banned':
      return say('False', 'Banned', said.message)
    case 'parked':
      return account ? say('False', 'Parked', said.message) : say('False', 'NotPaired')
    case 'stopped':
      return say('False', 'NoSession')
    default:
      return say('False', 'NotPaired')
  }
}

function ready(
  scheduledNow: Finding<'Scheduled'>,
  pairedNow: Finding<'Paired'>,
  connectedNow: Finding<'Connected'>,
): Finding<'Ready'> {
  const say = (reason: ConditionReason<'Ready'>, because: Finding) =>
    finding('Ready', 'False', reason, because.message)
  if (scheduledNow.status !== 'True') return say('NotScheduled', scheduledNow)
  if (pairedNow.status !== 'True') return say('NotPaired', pairedNow)
  if (connectedNow.status !== 'True') return say('NotConnected', connectedNow)
  return finding('Ready', 'True', 'Ready')
}

const TROUBLES: Readonly<Record<ConnectionTroubleKind, ConditionReason<'Degraded'>>> = {
  deaf: 'Deaf',
  mute: 'Mute',
  stalled: 'Stalled',
}

function phoneAwayText({ lastSeenAt, unlinksAt }: PhoneAway): string {
  const day = (at: Date) => at.toISOString().slice(0, 10)
  return `The phone was last online on ${day(lastSeenAt)}; on ${day(unlinksAt)} WhatsApp ends the link. Open WhatsApp on it.`
}

function degraded({ crashLoop, rollFailed, said, suspended }: Facts): Finding<'Degraded'> {
  const say = (reason: ConditionReason<'Degraded'>, message?: string) =>
    finding('Degraded', reason === 'Healthy' ? 'False' : 'True', reason, message)
  if (crashLoop) return say('CrashLoop')
  if (rollFailed) return say('RollFailed')
  if (!said || suspended) return say('Healthy')
  if (said.reason === 'CredentialsDamaged') return say('CredentialsDamaged', said.message)
  if (said.reason === 'ConnectionReplaced') return say('Conflict', said.message)
  if (said.reason === 'ProxyUnavailable') return say('ProxyUnavailable', said.message)
  if (said.reason === 'ClientRefused') return say('ClientRefused', said.message)
  if (said.trouble && said.phase === 'connected')
    return say(TROUBLES[said.trouble.kind], said.trouble.message)
  if (said.protection?.state === 'paused') return say('SendingPaused')
  if (said.retry && said.retry.attempt >= MANY_ATTEMPTS) return say('RepeatedReconnects')
  if (said.phoneAway) return say('PhoneAway', phoneAwayText(said.phoneAway))
  if (said.protection) return say('AccountAtRisk')
  return say('Healthy')
}
