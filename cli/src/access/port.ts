/**
 * The way to instances and their sessions. Two adapters: `kubernetes`, with nothing but a person's kubeconfig and rights, and `rest`, with
 * a token. Commands know this port only. Everything throws a WarrenError of the one table of codes.
 */
import type { Condition, EventEnvelope, InstanceSpec, Jsonify, Pairing, Snapshot } from '@warren/contracts'

export type ConditionView = Omit<Condition, 'observedGeneration'>

/** An instance as it is shown, the same from both sides. Times are ISO 8601. */
export type InstanceView = {
  /** What a person types to mean it. */
  readonly name: string
  readonly namespace: string
  /** The id that REST, events and databases know: `<namespace>.<name>`. */
  readonly id: string
  readonly organization: string
  readonly displayName?: string
  readonly operatingMode: InstanceSpec['operatingMode']
  readonly deletionPolicy: InstanceSpec['deletionPolicy']
  readonly phase: string
  readonly conditions: readonly ConditionView[]
  readonly account?: { readonly phone: string; readonly pushName?: string }
  readonly pairing?: { readonly attempt: number; readonly maxAttempts: number; readonly expiresAt?: string }
  /** Known with Kubernetes access. */
  readonly pod?: string
  readonly epoch?: number
  readonly lastConnectedAt?: string
  readonly lastDisconnect?: { readonly code: number; readonly reason: string; readonly at: string }
  readonly createdAt: string
  /** As the server told it, for `-o json` and `-o yaml`. */
  readonly raw: object
}

export type NewInstance = {
  readonly organization?: string
  readonly displayName?: string
  readonly deletionPolicy?: InstanceSpec['deletionPolicy']
  readonly operatingMode?: InstanceSpec['operatingMode']
  readonly pairing?: Partial<InstanceSpec['pairing']>
}

export type PairingRequest =
  | { readonly method: 'qr' }
  /** Without a number the one of the instance's spec is used. */
  | { readonly method: 'code'; readonly phoneNumber?: string }
export type PairingView = Jsonify<Pairing>

export type LogOptions = { readonly follow: boolean; readonly tailLines?: number; readonly previous: boolean }

/** An event, and where to go on after it: absent for passing events. */
export type StreamedEvent = { readonly id?: string; readonly event: EventEnvelope }

export type SessionAccess = {
  readonly kind: 'kubernetes' | 'rest'
  /** The chosen one; known with Kubernetes access. */
  readonly namespace?: string
  /** @param everywhere all namespaces and not only the chosen one; REST lists what the token may see in any case */
  list(everywhere: boolean): Promise<readonly InstanceView[]>
  /** @throws WarrenError `not_found` */
  get(name: string): Promise<InstanceView>
  create(name: string, wanted: NewInstance): Promise<InstanceView>
  setOperatingMode(name: string, mode: InstanceSpec['operatingMode']): Promise<InstanceView>
  restart(name: string): Promise<InstanceView>
  /** Ends the link at WhatsApp. @throws WarrenError `not_paired`, `not_connected`, `session_unavailable` */
  logout(name: string): Promise<void>
  /** Snapshots of the credentials, newest first. @throws WarrenError `session_unavailable` */
  snapshots(name: string): Promise<readonly Snapshot[]>
  /** Goes on with one of them. @throws WarrenError `not_found`, `snapshot_unusable`, `session_unavailable`, `suspended` */
  restore(name: string, snapshot: string): Promise<void>
  /** Begins a pairing, or returns the one in progress. @throws WarrenError `already_paired`, `session_unavailable`, `suspended` */
  startPairing(name: string, request: PairingRequest): Promise<PairingView>
  /**
   * Accepts a text: it survives any crash when this resolves.
   * @param idempotencyKey makes a repeated call harmless
   */
  send(name: string, message: { to: string; text: string }, idempotencyKey: string): Promise<{ id: string }>
  /**
   * Resolves when the stream is open. It ends when the server closes it.
   * @param options.after the id of the last event that was seen; what came after it comes first, where the server can tell
   */
  events(
    name: string,
    options: { readonly signal: AbortSignal; readonly after?: string },
  ): Promise<AsyncIterable<StreamedEvent>>
  /** The log of the session process. */
  logs(name: string, options: LogOptions, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
}
