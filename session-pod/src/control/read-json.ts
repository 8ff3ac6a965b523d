import type { IncomingMessage } from 'node:http'
import { WarrenError } from '@warren/contracts'

/** A text of 65,536 characters, each escaped in JSON, and what is around it. */
const MAX_BYTES = 512 * 1024

/**
 * The body of a request; an empty one is an empty object.
 * @throws WarrenError `unsupported_media_type`, `payload_too_large`, `validation_failed`
 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BYTES) throw new WarrenError('payload_too_large')
    chunks.push(chunk)
  }
  if (bytes === 0) return {}
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? ''))
    throw new WarrenError('unsupported_media_type', 'The body must be application/json.')
  try {
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch (cause) {
    throw new WarrenError('validation_failed', 'The body is not valid JSON.', { cause })
  }
}
