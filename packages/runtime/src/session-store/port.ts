/**
 * The sessions database, as its three users see it: the session pod (lease, log, keys, queue), the API (queue, journal) and the operator
 * (status). The pod's writes carry a {@link Lease}; each is refused with `fenced` when a higher epoch exists or none is found.
 */
import type {
  InstanceId,
  JournalEntry,
  ProxyPoolDoc,
  QueueDoc,
  QueueState,
  SendContent,
  SessionDoc,
  SessionKey,
  SessionStatus,
} from '@warren/contracts'

/** Proof of ownership: what every write of a holder carries. */
export type Lease = {
  readonly instance: InstanceId
  readonly organization: string
  readonly epoch: number
  readonly holder: string
}

/**
 * One value of the pod's state. `sealed` absent means deleted. `expiresAt` marks a record for the archive: once folded it is not loaded
 * with the others, is read one by one with {@link SessionWriter.archived}, and is gone after that time.
 */
export type KeyChange = {
  readonly type: string
  readonly id: string
  readonly sealed?: Uint8Array
  readonly expiresAt?: Date
}

/** One commit. At least one of `sealed` and `entries` is present. */
export type Commit = { readonly sealed?: Uint8Array; readonly entries?: readonly JournalEntry[] }

/** A folded value as it is read back. */
export type StoredKey = {
  readonly type: string
  readonly id: string
  readonly n: number
  readonly sealed: Uint8Array
}

/** The same from the archive. */
export type ArchivedKey = StoredKey & { readonly expiresAt: Date }

/** A commit as it is read back; only positions above the fold have `sealed`. */
export type StoredCommit = { readonly n: number; readonly sealed?: Uint8Array; readonly seq?: number }

/** Where a new holder goes on. */
export type Takeover = {
  readonly lease: Lease
  /** Position of the takeover document: the next commit is `n + 1`. */
  readonly n: number
  /** The last journal `seq` before the takeover. */
  readonly seq: number
  /** Commits above this position are not in the keys yet. */
  readonly folded: number
  /** The status that the previous holder left. */
  readonly status: SessionStatus | null
}

/** For the session pod. */
export type SessionWriter = {
  /**
   * Takes the lease with a higher epoch than any before (also any in the log, should the lease document be gone) and puts a takeover
   * document at the end of the log, so that a previous holder's next commit fails.
   *
   * @param holder names one process, and no other ever: it may ask again when it did not hear the answer
   * @param place where it runs, if that is a place with one process at a time: it need not wait for the lease of its predecessor there,
   * which has ended
   * @param ttlMs how long the lease lasts without renewal, by the database's clock
   * @throws WarrenError `lease_held` while another holder's lease runs
   */
  acquire(request: {
    instance: InstanceId
    organization: string
    holder: string
    place?: string
    ttlMs: number
  }): Promise<Takeover>
  /**
   * Prolongs the lease and stores the status and the journal's head beside it.
   * @throws WarrenError `fenced`
   */
  renew(lease: Lease, ttlMs: number, report: { status: SessionStatus; seq: number }): Promise<void>
  /** Ends the lease so that a successor need not wait. Does nothing when it was lost already. */
  release(lease: Lease, report: { status: SessionStatus; seq: number }): Promise<void>
  /**
   * Inserts the commit at position `n`: durable (majority) when it resolves. An unknown outcome is retried with the same position
   * until it is known.
   * @throws WarrenError `fenced` when the position is taken by another holder
   */
  append(lease: Lease, n: number, commit: Commit): Promise<void>
  /** All folded values of the instance, except those in the archive. */
  keys(lease: Lease): AsyncIterable<StoredKey>
  /** Commits after a position, in order. */
  commitsAfter(lease: Lease, n: number): AsyncIterable<StoredCommit>
  /** One value of the archive; undefined when there is none. */
  archived(lease: Lease, type: string, id: string): Promise<StoredKey | undefined>
  /** Values of the archive in the order of their places, after one of them: a page. */
  archivedAfter(
    lease: Lease,
    after: { readonly type: string; readonly id: string } | undefined,
    limit: number,
  ): Promise<ArchivedKey[]>
  /** How many values the archive has, roughly. */
  archiveSize(lease: Lease): Promise<number>
  /**
   * Folds: writes the values (each replaces only an older one), then records `n` as folded and drops the sealed parts up to it. Safe to
   * repeat and safe when it arrives late.
   * @throws WarrenError `fenced`
   */
  fold(lease: Lease, n: number, changes: readonly (KeyChange & { readonly n: number })[]): Promise<void>
  /** Rows of the queue that are not done, in order of position. */
  pendingSends(lease: Lease, afterPosition: number, limit: number): Promise<QueueDoc[]>
  /**
   * Moves rows on.
   * @throws WarrenError `fenced`
   */
  markSends(lease: Lease, messageIds: readonly string[], state: QueueState): Promise<void>
}

/** For the API tier and the operator. */
export type SessionReader = {
  /** Null when no session ever ran. */
  session(session: SessionKey): Promise<SessionDoc | null>
  sessions(sessions: readonly SessionKey[]): Promise<SessionDoc[]>
  /** The highest `seq` ever given: 0 when there was none. */
  head(session: SessionKey): Promise<number>
  /** Journal entries after `seq`, in order; each with the epoch that wrote it. */
  journal(session: SessionKey, afterSeq: number, limit: number): Promise<(JournalEntry & { epoch: number })[]>
  /** Sessions with a journal, with its head and its base: what the projectors' sweep compares with their cursors. */
  heads(): AsyncIterable<{ organization: string; instance: InstanceId; seq: number; base: number }>
}

/** For the API tier. */
export type SendQueue = {
  /**
   * Puts a send into the queue: durable when it resolves.
   * @throws WarrenError `already_exists` when the message id is in the queue
   */
  enqueue(send: {
    instance: InstanceId
    organization: string
    messageId: string
    to: string
    content: SendContent
    category?: 'marketing'
  }): Promise<QueueDoc>
  get(session: SessionKey, messageId: string): Promise<QueueDoc | null>
}

/** For the operator, after an instance's end. */
export type SessionRemover = {
  /**
   * Removes everything of a session. Its document stays, emptied, with epoch and base: a late holder is still fenced, and a later
   * journal goes on with the next number.
   * @throws WarrenError `lease_held` while a holder's lease runs
   */
  remove(session: SessionKey): Promise<void>
}

/** For the API tier, and for the session pods that use a pool. */
export type ProxyPoolReader = {
  proxyPool(organization: string, name: string): Promise<ProxyPoolDoc | null>
  /** By name. */
  proxyPools(organization: string): Promise<ProxyPoolDoc[]>
}

/** For the API tier. */
export type ProxyPoolWriter = {
  /** Makes or replaces it. */
  putProxyPool(pool: ProxyPoolDoc): Promise<void>
  /** Whether there was one. */
  removeProxyPool(organization: string, name: string): Promise<boolean>
}

/** For the operator. */
export type LimitReader = {
  /** How many instances these organisations may run; an organisation that nobody set a limit for is not in the answer. */
  limitsOf(organizations: readonly string[]): Promise<ReadonlyMap<string, number>>
}

/** For the API tier, which knows the plans. */
export type LimitWriter = {
  setLimit(organization: string, maxInstances: number): Promise<void>
}

export type SessionStore = SessionWriter &
  SessionReader &
  SendQueue &
  SessionRemover &
  LimitReader &
  LimitWriter &
  ProxyPoolReader &
  ProxyPoolWriter
