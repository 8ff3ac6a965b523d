/** Conditions are the truth of a resource's status; every reason that can appear is listed and explained here. */

export type ConditionStatus = 'True' | 'False' | 'Unknown'

/** The standard Kubernetes condition. */
export type Condition = {
  type: ConditionType
  status: ConditionStatus
  reason: string
  message: string
  lastTransitionTime: string
  observedGeneration: number
}

/**
 * - `Scheduled`: a session pod runs for this instance
 * - `Paired`: a WhatsApp account is linked
 * - `Connected`: WhatsApp delivers to this session now
 * - `Ready`: messages can be sent and received; the one to wait for
 * - `Degraded`: something needs attention although the session may work
 */
export const CONDITION_TYPES = ['Scheduled', 'Paired', 'Connected', 'Ready', 'Degraded'] as const
export type ConditionType = (typeof CONDITION_TYPES)[number]

/** Each reason and what it tells, per condition. The reference page is generated from this. */
export const CONDITION_REASONS = {
  Scheduled: {
    PodRunning: 'The session pod runs.',
    PodPending: 'The session pod was created and has not started.',
    PodFailed: 'The session pod ended and is being replaced, with growing pauses.',
    PodForeign: 'A pod of this name exists that Warren did not make; it is left alone.',
    PodRefused: 'The cluster refuses the session pod; the message is its answer. It is tried again.',
    PodUnreachable:
      'The node of the session pod does not answer; another pod takes over when the lease has ended.',
    Unschedulable: 'No node takes the session pod; the message is the scheduler’s.',
    InstanceLimit: 'The organisation has more instances than its plan allows; this one waits for a place.',
    OrganizationMismatch: 'The namespace belongs to another organisation than spec.organization.',
    Suspended: 'spec.operatingMode is Suspended.',
    Terminating: 'The resource is being deleted.',
  },
  Paired: {
    Linked: 'A WhatsApp account is linked.',
    PairingRequired: 'No account is linked; a QR or a code waits for the phone.',
    PasskeyRequired: 'WhatsApp asks for a passkey before it links the device; a person has to use it.',
    PairingAttemptsUsedUp: 'Nobody scanned in time. Ask for a new QR to go on.',
    LoggedOut: 'The link was ended, on the phone, by WhatsApp or by request.',
    Unknown: 'The session has not reported yet.',
  },
  Connected: {
    Open: 'The connection to WhatsApp is open.',
    Connecting: 'The first connection is being made.',
    Reconnecting: 'The connection was lost and is tried again.',
    NotPaired: 'There is nothing to connect before an account is linked.',
    Parked: 'The session waits for a person; the message says why.',
    Banned: 'WhatsApp locked or banned the account.',
    NoSession: 'No session pod reports.',
  },
  Ready: {
    Ready: 'Messages can be sent and received.',
    NotScheduled: 'See the condition Scheduled.',
    NotPaired: 'See the condition Paired.',
    NotConnected: 'See the condition Connected.',
  },
  Degraded: {
    Healthy: 'Nothing to report.',
    RepeatedReconnects: 'Several attempts in a row failed; they go on, more slowly.',
    CrashLoop: 'The session pod keeps ending.',
    Conflict: 'Another client uses the credentials of this session.',
    CredentialsDamaged:
      'The stored credentials cannot be used as they are; nothing was removed. Restore a snapshot, or pair anew.',
    RollFailed: 'The session did not come back after its pod was replaced by one of a newer template.',
    ClientRefused: 'WhatsApp refuses this version of the client.',
    Mute: 'WhatsApp does not acknowledge what is sent; the connection is renewed, and the messages go out again.',
    Deaf: 'WhatsApp kept messages back although the connection was open; it is renewed more often until that is over.',
    Stalled: 'Messages do not get through the session process; the connection is renewed.',
    PhoneAway:
      'The phone was not online for twelve days; WhatsApp ends the link after fourteen. Open WhatsApp on it.',
    ProxyUnavailable: 'No proxy of this instance works; nothing goes to WhatsApp directly instead.',
    SendingPaused: 'Sending is paused because of signals of risk; messages wait.',
    AccountAtRisk:
      'Signals of risk added up, or WhatsApp restricts the account; messages go out more slowly.',
  },
} as const satisfies Record<ConditionType, Record<string, string>>

export type ConditionReason<T extends ConditionType> = keyof (typeof CONDITION_REASONS)[T] & string
