/**
 * The id of an event on a stream: how far the stream is in each instance's journal, as `tag:seq` pairs. With it any replica goes on exactly
 * where another stopped. The tag is short text made from the instance id and `seq` is in base 36, because the whole vector travels with
 * every event.
 */
import { createHash } from 'node:crypto'
import { type InstanceId, WarrenError } from '@warren/contracts'

/** 48 bits: two of an organisation's instances do not meet. */
const TAG_CHARACTERS = 8

export function tagOf(instance: InstanceId): string {
  return createHash('sha256').update(instance).digest('base64url').slice(0, TAG_CHARACTERS)
}

export function encodeVector(positions: Iterable<readonly [tag: string, seq: number]>): string {
  return Array.from(positions, ([tag, seq]) => `${tag}:${seq.toString(36)}`).join('.')
}

/** @throws WarrenError `validation_failed` for text that is no event id */
export function decodeVector(text: string): ReadonlyMap<string, number> {
  const positions = new Map<string, number>()
  for (const pair of text === '' ? [] : text.split('.')) {
    const match = /^([\w-]{8}):([0-9a-z]{1,10})$/.exec(pair)
    if (!match?.[1] || !match[2]) throw invalid()
    positions.set(match[1], Number.parseInt(match[2], 36))
  }
  return positions
}

function invalid(): WarrenError {
  const message = '"Last-Event-ID" is not the id of an event'
  return new WarrenError('validation_failed', message, {
    details: { fields: [{ path: 'headers.last-event-id', message }] },
  })
}
