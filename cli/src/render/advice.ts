import type { ConditionReason, ConditionType } from '@warren/contracts'
import type { ConditionView } from '../access/port.ts'

/** `{name}` is the instance with the flags that say where, `{wa}` the program, `{pod}` its pod, `{in}` its namespace for kubectl. What only repeats another condition has no advice of its own. */
type Advice = { readonly [T in ConditionType]?: { readonly [R in ConditionReason<T>]?: string } }

const ADVICE: Advice = {
  Scheduled: {
    PodPending: 'Wait; if it lasts: kubectl describe pod {pod} -n {in}',
    PodFailed: '{wa} logs {name} --previous',
    PodForeign: 'Delete or rename the pod {pod}, which is not Warren’s',
    PodRefused: 'kubectl describe whatsappinstance {instance} -n {in}',
    Unschedulable: 'kubectl describe pod {pod} -n {in}',
    InstanceLimit: 'Delete or suspend an instance of the organisation, or raise its plan',
    OrganizationMismatch: 'Create it in a namespace of its organisation',
    Suspended: '{wa} resume {name}',
  },
  Paired: {
    PairingRequired: '{wa} qr {name}',
    PairingAttemptsUsedUp: '{wa} qr {name}',
    PasskeyRequired: 'Send the owner of the account a link: docs/guides/passkey.md',
    LoggedOut: '{wa} qr {name}',
  },
  Connected: {
    Reconnecting: 'It goes on by itself; if it lasts: {wa} logs {name}',
    Parked: '{wa} restart {name}',
    Banned: 'Open WhatsApp on the phone: it says what can be done',
  },
  Degraded: {
    RepeatedReconnects: '{wa} logs {name}',
    CrashLoop: '{wa} logs {name} --previous',
    Conflict: 'Find the other program that has these credentials, stop it, then: {wa} restart {name}',
    ClientRefused: 'Upgrade Warren',
    RollFailed: '{wa} logs {name}',
    ProxyUnavailable: 'Check the proxies of spec.proxy',
  },
}

/** What a person can do about a condition; undefined when there is nothing to do. */
export function adviceFor(
  condition: Pick<ConditionView, 'type' | 'reason'>,
  words: {
    readonly wa: string
    readonly name: string
    readonly namespace: string
    readonly here: string
    readonly pod?: string
  },
): string | undefined {
  const byReason: Readonly<Record<string, string>> = ADVICE[condition.type] ?? {}
  return byReason[condition.reason]
    ?.replaceAll('{wa}', words.wa)
    .replaceAll('{name}', `${words.name}${words.here}`)
    .replaceAll('{instance}', words.name)
    .replaceAll('{in}', words.namespace)
    .replaceAll('{pod}', words.pod ?? words.name)
}
