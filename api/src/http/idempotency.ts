/**
 * Idempotency keys: the first answer is kept for a day and given to whoever repeats the request. A request that was cut off may run
 * again; it then gets the same `seed`, from which it derives its ids, so that the second run finds what the first one did.
 */
import { createHash, randomBytes } from 'node:crypto'
import { WarrenError } from '@warren/contracts'
import type { Clock, Timer } from '@warren/runtime/clock'
import type { Request, Response } from 'express'
import { Schema } from 'mongoose'
import { type PlatformDatabase, SCHEMA_OPTIONS } from '../platform/index.ts'

export type Reply = { readonly status: number; readonly body: unknown }

export type Idempotency = {
  /**
   * @throws WarrenError `idempotency_mismatch`, `request_in_progress`, and whatever `execute` throws; after an error the key is free again
   */
  run(
    request: { key: string; organization: string; req: Request; res: Response },
    execute: (seed: Uint8Array) => Promise<Reply>,
  ): Promise<Reply>
}

type Record = {
  /** SHA-256 of organisation and key. */
  _id: string
  organization: string
  /** SHA-256 of method, path and body. */
  fingerprint: string
  seed: string
  /** Which of the requests with this key holds the record. */
  attempt?: string
  /** While there is no answer: until when that request counts as running; it is put off as long as its process lives. */
  runningUntil: Date
  status?: number
  /** The answer as JSON text, so that no key in it needs to be valid in Mongo. */
  body?: string
  expiresAt: Date
}

const schema = new Schema<Record>(
  {
    _id: { type: String, required: true },
    organization: { type: String, required: true },
    fingerprint: { type: String, required: true },
    seed: { type: String, required: true },
    attempt: String,
    runningUntil: { type: Date, required: true },
    status: Number,
    body: String,
    expiresAt: { type: Date, required: true },
  },
  SCHEMA_OPTIONS,
)
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 })

const KEPT_MS = 24 * 3600 * 1000
/** How soon a repetition may take over from a request whose process was killed. */
const RUNNING_MS = 12_000
const STILL_RUNNING_EVERY_MS = 3_000

const sha256 = (...parts: readonly string[]) => createHash('sha256').update(parts.join('\0')).digest('hex')

export function createIdempotency(database: PlatformDatabase, clock: Clock): Idempotency {
  const records = database.tenantCollection<Record>('idempotency', schema)

  const later = (ms: number) => new Date(clock.now().getTime() + ms)

  /** The record that this request now holds, or the answer that is there already. */
  async function begin(organization: string, _id: string, fingerprint: string): Promise<Record | Reply> {
    const attempt = randomBytes(8).toString('hex')
    const fresh: Record = {
      _id,
      organization,
      fingerprint,
      seed: randomBytes(32).toString('hex'),
      attempt,
      runningUntil: later(RUNNING_MS),
      expiresAt: later(KEPT_MS),
    }
    try {
      await records.insert(fresh)
      return fresh
    } catch (error) {
      if ((error as WarrenError).code !== 'already_exists') throw error
    }
    const first = await records.findOne({ organization, _id })
    // It ended with an error just now, or its day is over: the next attempt will find the way free.
    if (!first) throw new WarrenError('request_in_progress')
    if (first.fingerprint !== fingerprint) throw new WarrenError('idempotency_mismatch')
    if (first.status !== undefined)
      return { status: first.status, body: first.body === undefined ? undefined : JSON.parse(first.body) }
    const cutOff = first.runningUntil <= clock.now()
    const taken =
      cutOff &&
      (await records.update(
        { organization, _id, runningUntil: first.runningUntil },
        { $set: { runningUntil: fresh.runningUntil, attempt } },
      ))
    if (!taken) throw new WarrenError('request_in_progress', undefined, { details: { retryAfterSeconds: 1 } })
    return { ...first, attempt }
  }

  /** Keeps a repetition from beginning while this one runs. One that fails is made up for by the next. */
  function stillRunning(held: { organization: string; _id: string; attempt: string }): Timer {
    return clock.setInterval(STILL_RUNNING_EVERY_MS, () => {
      // Two under way at a time may arrive in any order: the later time counts.
      records.update(held, { $max: { runningUntil: later(RUNNING_MS) } }).catch(() => {})
    })
  }

  return {
    async run({ key, organization, req, res }, execute) {
      const _id = sha256(organization, key)
      const fingerprint = sha256(req.method, req.originalUrl, JSON.stringify(req.body ?? null))
      const begun = await begin(organization, _id, fingerprint)
      if (!('seed' in begun)) {
        res.set('Idempotent-Replayed', 'true')
        return begun
      }
      const held = { organization, _id, attempt: begun.attempt ?? '' }
      const running = stillRunning(held)
      try {
        const reply = await execute(Buffer.from(begun.seed, 'hex')).finally(() => running.stop())
        const answer = reply.body === undefined ? {} : { body: JSON.stringify(reply.body) }
        await records.update(held, { $set: { status: reply.status, ...answer } })
        return reply
      } catch (error) {
        // A refusal changed nothing. After anything else it is not known what was done: the seed is kept for the repetition.
        const refused = error instanceof WarrenError && error.status < 500
        if (refused) await records.remove(held)
        else await records.update(held, { $set: { runningUntil: clock.now() } })
        throw error
      }
    },
  }
}
