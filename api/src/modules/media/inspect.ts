/** What a file is, from its first bytes, while it streams by. */
import { createHash } from 'node:crypto'
import { Readable, Transform } from 'node:stream'
import { WarrenError } from '@warren/contracts'
import { fileTypeFromBuffer } from 'file-type'

/** Types that WhatsApp shows as images, and the largest image it takes. */
export const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'] as const
export const MAX_IMAGE_BYTES = 5 * 1024 * 1024

export const isImage = (mimetype: string) => IMAGE_TYPES.some((type) => type === mimetype)

/** As much as file-type wants to see. */
const SNIFFED_BYTES = 4_100

/**
 * Looks at the beginning of a file; the stream that is returned has all of it.
 * @throws WarrenError `unsupported_media_type` for what is not an accepted image, whatever it is called
 */
export async function sniffImage(file: Readable): Promise<{ mimetype: string; stream: Readable }> {
  const chunks: AsyncIterator<Buffer> = file[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  while (head.length < SNIFFED_BYTES) {
    const { value, done } = await chunks.next()
    if (done) break
    head = Buffer.concat([head, value])
  }
  const type = head.length === 0 ? undefined : await fileTypeFromBuffer(head)
  const mimetype = IMAGE_TYPES.find((accepted) => accepted === type?.mime)
  if (mimetype) return { mimetype, stream: Readable.from(beginningWith(head, chunks)) }
  await chunks.return?.()
  throw new WarrenError('unsupported_media_type', `The file must be one of ${IMAGE_TYPES.join(', ')}.`)
}

async function* beginningWith(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield head
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}

/** Lets at most `limit` bytes through and knows their number and SHA-256 in the end. */
export function measure(limit: number): { through: Transform; result(): { size: number; sha256: string } } {
  const hash = createHash('sha256')
  let size = 0
  const through = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length
      hash.update(chunk)
      if (size > limit)
        done(new WarrenError('payload_too_large', `The file must not be larger than ${limit} bytes.`))
      else done(null, chunk)
    },
  })
  return { through, result: () => ({ size, sha256: hash.digest('hex') }) }
}
