/**
 * How far each session's journal has been projected, and by whom right now. The claim keeps two workers from projecting one journal at
 * once; it ends by itself, should its owner die.
 */
import { parseSessionKey, type SessionKey } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import { isDuplicateKey } from '@warren/runtime/mongo'
import { Schema } from 'mongoose'
import { type PlatformDatabase, SCHEMA_OPTIONS } from '../platform/index.ts'

type CursorDoc = {
  readonly _id: SessionKey
  readonly organization: string
  readonly seq: number
  /** The `base` of the journal that the read models were made from. */
  readonly base: number
  readonly owner: string | null
  readonly claimedUntil: Date
}

/** How long a worker that says nothing keeps others away. */
const CLAIM_MS = 15_000

const schema = new Schema<CursorDoc>(
  {
    _id: { type: String, required: true },
    organization: { type: String, required: true },
    seq: { type: Number, required: true },
    base: { type: Number, required: true },
    owner: { type: String, default: null },
    claimedUntil: { type: Date, required: true },
  },
  SCHEMA_OPTIONS,
)

export type CursorRepo = {
  /** Where to go on, 0 at first; undefined while another worker is at it. */
  claim(session: SessionKey, owner: string): Promise<{ seq: number; base: number } | undefined>
  /** Moves on and prolongs the claim. False when the claim was lost: then stop. */
  move(session: SessionKey, owner: string, to: { seq: number; base: number }): Promise<boolean>
  release(session: SessionKey, owner: string): Promise<void>
  /** Of many sessions at once, for the sweep; those never projected are absent. */
  positions(
    sessions: readonly SessionKey[],
  ): Promise<ReadonlyMap<SessionKey, { readonly seq: number; readonly base: number }>>
}

export function createCursorRepo(database: PlatformDatabase, clock: Clock): CursorRepo {
  const cursors = database.tenantCollection<CursorDoc>('cursors', schema)
  const model = database.connection.model<CursorDoc>('cursors')
  const keyOf = (session: SessionKey) => ({
    organization: parseSessionKey(session)?.organization ?? '',
    _id: session,
  })
  const claimedUntil = () => new Date(clock.now().getTime() + CLAIM_MS)

  return {
    async claim(session, owner) {
      try {
        const claimed = await cursors.findAndUpdate(
          { ...keyOf(session), $or: [{ owner: null }, { owner }, { claimedUntil: { $lt: clock.now() } }] },
          { $set: { owner, claimedUntil: claimedUntil() }, $setOnInsert: { seq: 0, base: 0 } },
          { upsert: true },
        )
        return claimed ? { seq: claimed.seq, base: claimed.base } : undefined
      } catch (error) {
        // The document is there and did not match: somebody else holds it.
        if (isDuplicateKey(error)) return undefined
        throw error
      }
    },
    move: (session, owner, { seq, base }) =>
      cursors.update({ ...keyOf(session), owner }, { $set: { seq, base, claimedUntil: claimedUntil() } }),
    async release(session, owner) {
      await cursors.update({ ...keyOf(session), owner }, { $set: { owner: null } })
    },
    async positions(sessions) {
      const rows = await model
        .find({ _id: { $in: sessions } })
        .lean<CursorDoc[]>()
        .exec()
      return new Map(rows.map(({ _id, seq, base }) => [_id, { seq, base }]))
    },
  }
}
