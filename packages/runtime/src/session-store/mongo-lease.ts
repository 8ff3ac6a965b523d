/**
 * Who holds a session. The lease makes takeovers orderly, the log makes them safe: a new holder puts a takeover document where the old
 * one would put its next commit, and takeover documents are never removed. So a holder that slept through its lease fails at
 * its next commit, however long it slept.
 */
import { randomUUID } from 'node:crypto'
import {
  type InstanceId,
  type LogDoc,
  type SessionDoc,
  type SessionKey,
  type SessionStatus,
  sessionKeyOf,
  WarrenError,
} from '@warren/contracts'
import type { Clock } from '../clock/index.ts'
import { isDuplicateKey } from '../mongo/index.ts'
import { idRange, logId, positionOf } from './layout.ts'
import type { Collections } from './mongo-collections.ts'
import type { Log } from './mongo-log.ts'
import { newSession } from './new-session.ts'
import type { Lease, SessionReader, SessionRemover, SessionWriter, Takeover } from './port.ts'

/**
 * By the database's own clock. As numbers, because SecantusDB 0.7 compares a stored date with `$$NOW` wrongly, and its Rust server does
 * not add a number to a date.
 */
const EXPIRED = { $expr: { $lte: [{ $toLong: '$expiresAt' }, { $toLong: '$$NOW' }] } }
const fromNow = (ms: number) => ({ $toDate: { $add: [{ $toLong: '$$NOW' }, ms] } })

type Leases = Pick<SessionWriter, 'acquire' | 'renew' | 'release'> &
  SessionRemover &
  Pick<SessionReader, 'session' | 'sessions' | 'heads'>

export function createLeases(
  { sessions, log, keys, archive, queue }: Collections,
  tail: Log,
  clock: Clock,
): Leases {
  const mine = (lease: Lease) => ({ _id: sessionKeyOf(lease), epoch: lease.epoch, holder: lease.holder })

  async function acquire(request: Parameters<SessionWriter['acquire']>[0]): Promise<Takeover> {
    const { instance, organization, holder, place = null, ttlMs } = request
    const key = sessionKeyOf(request)
    await insertIfAbsent(organization, instance)
    const taken = await sessions.findOneAndUpdate(
      // Its own holder asks again when it did not hear the answer; whoever held it in the same place has ended.
      { _id: key, $or: [{ holder: null }, { holder }, ...(place === null ? [] : [{ place }]), EXPIRED] },
      [
        {
          $set: {
            epoch: { $add: ['$epoch', 1] },
            holder: { $literal: holder },
            place: { $literal: place },
            expiresAt: fromNow(ttlMs),
          },
        },
      ],
      { returnDocument: 'after' },
    )
    if (!taken) throw await heldByAnother(key)
    return await takeLog({ instance, organization, epoch: taken.epoch, holder }, taken)
  }

  async function insertIfAbsent(organization: string, instance: InstanceId): Promise<void> {
    try {
      await sessions.insertOne(newSession(organization, instance))
    } catch (error) {
      if (!isDuplicateKey(error)) throw error
    }
  }

  async function heldByAnother(key: SessionKey): Promise<WarrenError> {
    const session = await sessions.findOne({ _id: key })
    return new WarrenError('lease_held', `held by ${session?.holder ?? 'another process'}`)
  }

  /** Ends the previous holder's log. Between reading the tail and inserting, that holder may still commit: then look again. */
  async function takeLog(wanted: Lease, session: SessionDoc): Promise<Takeover> {
    let lease = wanted
    const key = sessionKeyOf(lease)
    for (;;) {
      const last = await tail.last(key)
      if (last && last.epoch >= lease.epoch) lease = await outrank(lease, last)
      const n = last ? positionOf(last._id) + 1 : 1
      try {
        await log.insertOne({
          _id: logId(key, n),
          epoch: lease.epoch,
          holder: lease.holder,
          at: clock.now(),
          takeover: true,
        })
      } catch (error) {
        if (isDuplicateKey(error)) continue
        throw error
      }
      return {
        lease,
        n,
        seq: await tail.head(key),
        folded: session.folded,
        status: session.status,
      }
    }
  }

  /** The log knows a higher epoch than the lease document: that one was deleted and begun anew. Go above, if we still hold the lease. */
  async function outrank(lease: Lease, last: LogDoc): Promise<Lease> {
    const raised = { ...lease, epoch: last.epoch + 1 }
    const result = await sessions.updateOne(mine(lease), { $set: { epoch: raised.epoch } })
    if (result.matchedCount === 0) throw new WarrenError('lease_held')
    return raised
  }

  async function renew(
    lease: Lease,
    ttlMs: number,
    report: { status: SessionStatus; seq: number },
  ): Promise<void> {
    const result = await sessions.updateOne(mine(lease), [
      {
        $set: {
          expiresAt: fromNow(ttlMs),
          status: { $literal: report.status },
          statusAt: '$$NOW',
          seq: { $max: ['$seq', report.seq] },
        },
      },
    ])
    if (result.matchedCount === 0) throw new WarrenError('fenced')
  }

  async function release(lease: Lease, report: { status: SessionStatus; seq: number }): Promise<void> {
    await sessions.updateOne(mine(lease), {
      $set: { holder: null, expiresAt: clock.now(), status: report.status, statusAt: clock.now() },
      $max: { seq: report.seq },
    })
  }

  /** Removal takes the session over first, so that a holder that sleeps through it is fenced like any other. */
  async function remove(key: SessionKey): Promise<void> {
    const session = await sessions.findOne({ _id: key })
    if (!session) return
    const { lease, seq } = await acquire({
      instance: session.instance,
      organization: session.organization,
      holder: `remover/${randomUUID()}`,
      ttlMs: 60_000,
    })
    // First of all where the journal goes on: a crash below must not let numbers be given twice.
    await sessions.updateOne(mine(lease), { $set: { base: seq, seq } })
    const ofSession = { _id: idRange(key) }
    await keys.deleteMany(ofSession)
    await archive.deleteMany(ofSession)
    await queue.deleteMany(ofSession)
    await log.deleteMany({ ...ofSession, takeover: { $exists: false } })
    await sessions.updateOne(mine(lease), {
      $set: { holder: null, expiresAt: new Date(0), status: null, statusAt: null, folded: 0 },
    })
  }

  return {
    acquire,
    renew,
    release,
    remove,
    session: (key) => sessions.findOne({ _id: key }),
    sessions: (keys) => sessions.find({ _id: { $in: [...keys] } }).toArray(),
    async *heads() {
      const projection = { organization: 1, instance: 1, seq: 1, base: 1 }
      for await (const { organization, instance, seq, base } of sessions.find(
        { seq: { $gt: 0 } },
        { projection },
      ))
        yield { organization, instance, seq, base }
    },
  }
}
