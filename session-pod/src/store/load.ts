/** Brings the stored state back: the folded keys, and over them the commits that are not folded yet. */
import { WarrenError } from '@warren/contracts'
import { UnsealError } from '@warren/runtime/crypto'
import type { SessionWriter, Takeover } from '@warren/runtime/session-store'
import { decodeBatch, decodeValue } from './codec.ts'
import type { Sealer } from './sealer.ts'
import type { SessionState } from './state.ts'
import type { UnfoldedChanges } from './unfolded.ts'

export type Place = { readonly type: string; readonly id: string }

/** What was met while loading. */
export type Loaded = {
  /** Values that do not open although others do. Nothing is known of them; they stay where they are. */
  readonly damaged: readonly Place[]
  /** Commits that do not open. */
  readonly damagedCommits: number
  /** Values that were sealed with an earlier key. */
  readonly stale: readonly Place[]
  /** Whether a commit was. */
  readonly staleLog: boolean
}

/**
 * One record that does not open is damage, and told; when none opens it is the key that is wrong.
 * @throws WarrenError `credentials_unreadable` when nothing opens, or something was sealed with a key that is not given
 */
export async function loadInto(
  state: SessionState,
  unfolded: UnfoldedChanges,
  from: { writer: Pick<SessionWriter, 'keys' | 'commitsAfter'>; takeover: Takeover; sealer: Sealer },
): Promise<Loaded> {
  const { writer, takeover, sealer } = from
  const damaged: Place[] = []
  const stale: Place[] = []
  let damagedCommits = 0
  let opened = 0
  let staleLog = false

  /** What it holds; undefined when it is damaged. */
  function tryOpen(read: () => string): string | undefined {
    try {
      const text = read()
      opened += 1
      return text
    } catch (cause) {
      if (!(cause instanceof UnsealError)) throw cause
      if (cause.missingKeyId !== undefined) throw unreadable(cause)
      return undefined
    }
  }

  for await (const { type, id, n, sealed } of writer.keys(takeover.lease)) {
    const text = tryOpen(() => sealer.openValue(type, id, n, sealed))
    if (text === undefined) {
      damaged.push({ type, id })
      continue
    }
    state.restore(type, id, decodeValue(type, text))
    if (sealer.isStale(sealed)) stale.push({ type, id })
  }
  for await (const { n, sealed } of writer.commitsAfter(takeover.lease, takeover.folded)) {
    if (!sealed) continue
    const text = tryOpen(() => sealer.openCommit(n, sealed))
    if (text === undefined) {
      damagedCommits += 1
      continue
    }
    staleLog ||= sealer.isStale(sealed)
    const changes = decodeBatch(text)
    unfolded.add(n, changes)
    for (const { type, id, json, expiresMs } of changes) {
      if (expiresMs === undefined) state.restore(type, id, decodeValue(type, json))
    }
  }
  if (opened === 0 && damaged.length + damagedCommits > 0) throw unreadable()
  return { damaged, damagedCommits, stale, staleLog }
}

const unreadable = (cause?: UnsealError) =>
  new WarrenError('credentials_unreadable', cause?.message, { cause })
