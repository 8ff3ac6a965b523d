/**
 * Documents of the **sessions** database: what session pods write and the API tier reads (the send queue: the other way round).
 * One instance has one log. A document of the log is one commit; its position is part of its `_id`, so that the insert itself is the
 * fence: a second writer's insert at the same position fails.
 */
import type { JournalEntry } from './events/envelope.ts'
import type { InstanceId, SessionKey } from './ids.ts'
import type { SessionStatus } from './session.ts'

/** Collection `sessions`: lease, epoch and last status, one document an instance. */
export type SessionDoc = {
  readonly _id: SessionKey
  readonly organization: string
  readonly instance: InstanceId
  /** Rises with every acquisition and never falls. */
  readonly epoch: number
  /** The process that holds the session: pod name, and its incarnation, so that two processes of one name are two holders. */
  readonly holder: string | null
  /** Where the holder runs, if nothing else of this session can run there at the same time: what comes after it there need not wait. */
  readonly place?: string | null
  /** By the database's clock. */
  readonly expiresAt: Date
  readonly status: SessionStatus | null
  readonly statusAt: Date | null
  /** The highest journal `seq` that the holder reported; the log itself may be ahead. */
  readonly seq: number
  /**
   * The journal begins after this `seq`: what was before was removed with the session. Numbers are never given twice, so that nobody's
   * cursor points into a later journal.
   */
  readonly base: number
  /** Log position up to which sealed changes are folded into `keys`. */
  readonly folded: number
}

/** Collection `log`. */
export type LogDoc = {
  /** `<session key>/<position, twelve digits>`: sorts by position within a session. */
  readonly _id: string
  readonly epoch: number
  readonly holder: string
  readonly at: Date
  /**
   * Set on the document with which a holder takes over. These are never removed: the place where a previous holder would put its next
   * commit must stay taken.
   */
  readonly takeover?: true
  /** Changes of credentials, keys and the pod's own records, sealed under the instance's key. */
  readonly sealed?: Uint8Array
  /** Present when the commit has journal entries: session and highest `seq`, which the sparse index reads. */
  readonly session?: SessionKey
  readonly seq?: number
  readonly entries?: readonly JournalEntry[]
}

/**
 * Collection `keys`: the folded state, one document a value, sealed each by itself. `sealed` absent means deleted.
 * Collection `archive`: the same, for records that are read one by one and have an end of life.
 */
export type KeyDoc = {
  /** `<session key>/<type>/<id>` */
  readonly _id: string
  /** Log position of the commit that wrote it; only a higher one may replace it. */
  readonly n: number
  readonly sealed?: Uint8Array
  /** Set on deletions and in the archive; the database removes the document after it. */
  readonly expiresAt?: Date
}

/** What a tenant asks to send. */
export type SendContent =
  | { readonly type: 'text'; readonly text: string }
  | {
      readonly type: 'image'
      readonly caption?: string
      readonly mimetype: string
      readonly mediaKey: string
      readonly size: number
    }

/** A row's way: `queued` by the API, `taken` once the pod has it in its own log, `done` when WhatsApp answered. */
export type QueueState = 'queued' | 'taken' | 'done'

/** Collection `queue`: sends, in the order of acceptance. */
export type QueueDoc = {
  /** `<session key>/<message id>`: accepting the same message twice is one row. */
  readonly _id: string
  readonly instance: InstanceId
  readonly organization: string
  readonly messageId: string
  /** From a counter in the database, so that it does not depend on the clocks of API replicas. */
  readonly position: number
  /** JID of the chat as the tenant addressed it. */
  readonly to: string
  readonly content: SendContent
  /** What it is sent for; transactional unless it says otherwise. */
  readonly category?: 'marketing'
  readonly state: QueueState
  readonly createdAt: Date
  /** Rows that are `done` are removed after this. */
  readonly expiresAt?: Date
}

/** Name of a pool of proxies. */
export const POOL_PATTERN = '^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$'

/** Collection `proxies`: a pool of an organisation. The API writes it, session pods that are to use it read it. */
export type ProxyPoolDoc = {
  /** `<organisation>/<name>` */
  readonly _id: string
  readonly organization: string
  readonly name: string
  /** `host:port` of each, for people: without credentials. */
  readonly addresses: readonly string[]
  /** The URLs as a JSON list, sealed under the organisation's key for proxies, bound to `_id`. */
  readonly sealed: Uint8Array
  readonly updatedAt: Date
}

/** Collection `limits`: what the plan of an organisation allows. The API writes it, the operator holds to it. */
export type LimitDoc = {
  /** The organisation. */
  readonly _id: string
  /** How many instances may run, 0 or more. */
  readonly maxInstances: number
}
